"""Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (5000); HOST (127.0.0.1).

Start it with `python receiver.py`, in production with a WSGI server: `gunicorn --threads 8 receiver:app`.
"""

import os

from flask import Flask, Response, jsonify, request

from webhook_inbox import HAS_TEST_HOOKS, MAX_BYTES, Inbox


def handle_event(event):
    """Your work."""
    print(event["event"], (event.get("data") or {}).get("lead_email", ""), flush=True)


inbox = Inbox(handle_event)
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES


@app.post("/webhooks/sendemall")
def receive():
    # The raw bytes: a parsed body cannot be verified.
    body = request.get_data(cache=False)
    return Response(status=inbox.accept(body, request.headers.get("X-SendEmAll-Signature")))


if HAS_TEST_HOOKS:

    @app.get("/test/effects/<event_id>")
    def effects(event_id):
        return jsonify(count=inbox.effects(event_id))


if __name__ == "__main__":
    app.run(host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ.get("PORT", "5000")))
