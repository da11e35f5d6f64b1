"""What every pattern needs: takes webhooks, verifies the signature over the raw bytes, and answers.

200 says that the event is in good hands; anything else makes the provider try again, after 30 seconds, 5 and 30 minutes.
"""
import errno
import hashlib
import hmac
import json
import os
import signal
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = "/webhooks/sendemall"
MAX_BYTES = 1_000_000


def setting(name, fallback=None):
    """Reads a setting from the environment; without it and without a fallback, exits. Read all settings at the start."""
    value = os.environ.get(name) or fallback
    if value is None:
        sys.exit(f"{name} is not set. Set it in the environment.")
    return value


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


def is_signed(secret, body, header):
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
    """Answers 200 when `handle` is through with the event, and 503 when it raises.

    SIGTERM and Ctrl-C let requests in progress finish. Settings: WEBHOOK_SECRET; PORT (3000); HOST (127.0.0.1; in a
    container 0.0.0.0).
    """
    secret = setting("WEBHOOK_SECRET").encode()
    host, port = setting("HOST", "127.0.0.1"), setting("PORT", "3000")
    if not port.isdecimal() or int(port) > 65535:
        sys.exit(f'PORT is "{port}". Set it to a number from 0 to 65535.')

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
            if int(length) > MAX_BYTES:
                return 413
            body = self.rfile.read(int(length))
            if not is_signed(secret, body, self.headers.get("X-SendEmAll-Signature", "")):
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
        # Connections that come while it is busy wait in line; the standard five places are few for a burst.
        request_queue_size = 128
        # Requests in progress finish before it ends.
        daemon_threads = False

    try:
        server = Server((host, int(port)), Receiver)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sys.exit(f"Port {port} on {host} is in use. Stop what uses it, or set PORT to another.")
        sys.exit(f"Cannot listen on {host}:{port}: {error}. Check HOST and PORT.")

    def stop(*_):
        # From a thread of its own: shutdown waits for serve_forever to return.
        threading.Thread(target=server.shutdown).start()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    print(f"Listening on http://{host}:{server.server_port}{PATH}", flush=True)
    server.serve_forever()
    server.server_close()
