"""Nothing but Python: one thread, one request at a time, HTTP/1.0, and a supervisor that starts it again."""
import hashlib
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from store import open_store, process

SECRET = os.environ["WEBHOOK_SECRET"].encode()


class Receiver(BaseHTTPRequestHandler):
    timeout = 5

    def do_POST(self):
        if self.path != "/webhooks/sendemall":
            return self.answer(404)
        if "Content-Length" not in self.headers:
            return self.answer(411)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        given = self.headers.get("X-SendEmAll-Signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
            return self.answer(401)
        try:
            event = json.loads(body)
        except ValueError:
            return self.answer(400)
        try:
            process(event)
        except ConnectionError:
            return self.answer(503)
        except (KeyError, TypeError, AttributeError):
            return self.answer(400)
        self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(HTTPServer):
    # Who comes while it is busy waits in line; the standard five places are few for a burst.
    request_queue_size = 128


server = Server(("127.0.0.1", int(os.environ.get("PORT", "0"))), Receiver)
open_store(server.server_port)
server.serve_forever()
