"""What every pattern needs: takes webhooks, verifies the signature over the raw bytes, and answers.

200 says that the event is in good hands; anything else makes the provider try again, after 30 seconds, 5 and 30 minutes.
"""
import hashlib
import hmac
import json
import os
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = "/webhooks/sendemall"
MOST_BYTES = 1_000_000


def send(method, url, body, headers=None):
    """Sends JSON. Raises when nothing or no 2xx is answered, so that nobody takes the work for done."""
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
        method=method,
    )
    # Less than the ten seconds that the provider waits for us.
    with urllib.request.urlopen(request, timeout=8) as answer:
        answer.read()


def is_signed(body, header):
    secret = os.environ["WEBHOOK_SECRET"].encode()
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    # As bytes: compare_digest refuses text that is not ASCII.
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "surrogateescape"))


def parse(body):
    try:
        event = json.loads(body)
        return event if isinstance(event["id"], str) and isinstance(event["data"], dict) else None
    except (ValueError, KeyError, TypeError):
        return None


def serve(handle):
    """Answers 200 when `handle` is through with the event, and 503 when it raises."""

    class Receiver(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self):
            self.send_response(self.status())
            self.end_headers()

        def status(self):
            if self.path != PATH:
                return 404
            length = self.headers.get("Content-Length", "")
            if not length.isdigit():
                return 411
            if int(length) > MOST_BYTES:
                return 413
            body = self.rfile.read(int(length))
            if not is_signed(body, self.headers.get("X-SendEmAll-Signature", "")):
                return 401
            event = parse(body)
            if event is None:
                return 400
            try:
                handle(event)
                return 200
            except Exception as error:
                print(f"{event['id']} failed: {error}", file=sys.stderr)
                return 503

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        # Who comes while it is busy waits in line; the standard five places are few for a burst.
        request_queue_size = 128

    server = Server(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    # It ends with whoever started it.
    sys.stdin.read()
