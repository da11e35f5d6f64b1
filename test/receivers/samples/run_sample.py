"""Runs the guide's Flask sample as it stands, with a list of what it processed, on a free port that it prints."""
import os
import sys
import threading

from flask import jsonify
from werkzeug.serving import make_server

processed = []
sample = {"__name__": "sample", "process_event": lambda event: processed.append(event["id"])}
with open(os.environ["SAMPLE"], encoding="utf-8") as file:
    exec(compile(file.read(), file.name, "exec"), sample)

app = sample["app"]
app.add_url_rule("/processed", view_func=lambda: jsonify(processed))


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
