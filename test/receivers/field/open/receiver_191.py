"""Webhook endpoint behind an old load balancer. Bodies must say how long they are: anything in chunks is answered 411."""

import collections
import functools
import hmac
import http.server
import json
import os
import sys
import threading
import urllib.parse
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1, 1, 2, tzinfo=timezone.utc)
Lead = collections.namedtuple("Lead", "suppressed unsubscribed open_count sentiment replied")
NEW = Lead(False, False, 0, None, EPOCH)


def synchronized(method):
    @functools.wraps(method)
    def locked(self, *args):
        with self.lock:
            return method(self, *args)

    return locked


class Ledger:
    def __init__(self, path):
        self.lock = threading.RLock()
        self.counts, self.types, self.leads = collections.Counter(), collections.Counter(), {}
        self.is_down = False
        self.file = open(path, "ab+")
        self.file.seek(0)
        for line in self.file:
            if line.endswith(b"\n"):
                self.apply(json.loads(line))

    @synchronized
    def accept(self, event):
        if self.counts[event["id"]]:
            return
        if self.is_down:
            raise OSError("down")
        self.file.write(json.dumps(event).encode("ascii") + b"\n")
        self.file.flush()
        self.apply(event)

    def apply(self, event):
        self.counts[event["id"]] += 1
        self.types[event["event"]] += 1
        email = event["data"].get("lead_email")
        if isinstance(email, str):
            step = getattr(self, event["event"].replace("email.", "on_", 1), lambda lead, event: lead)
            self.leads[email] = step(self.leads.get(email, NEW), event)

    def on_opened(self, lead, event):
        count = event["data"].get("open_count")
        count = min(count, 2**53) if isinstance(count, (int, float)) else 0
        return lead._replace(open_count=max(lead.open_count, count))

    def on_replied(self, lead, event):
        at = moment(event["timestamp"])
        sentiment = event["data"].get("reply_sentiment")
        return lead if at < lead.replied else lead._replace(sentiment=sentiment, replied=at)

    def on_bounced(self, lead, event):
        return lead._replace(suppressed=lead.suppressed or event["data"].get("bounce_type") == "hard")

    def on_unsubscribed(self, lead, event):
        everywhere = event["data"].get("suppressed_globally") is True
        return lead._replace(unsubscribed=True, suppressed=lead.suppressed or everywhere)

    @synchronized
    def state(self, email):
        lead = self.leads.get(email)
        if lead is None:
            return None
        sent, bounced = self.types["email.sent"], self.types["email.bounced"]
        rates = {"bounce_rate": min(1, bounced / sent) if sent else None}
        return {name: value for name, value in lead._asdict().items() if name != "replied"} | {"rates": rates}

    @synchronized
    def effects(self, id):
        return self.counts[id]


def moment(text):
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)) + timedelta(0)


def event_of(body):
    event = json.loads(body)
    texts = [event[name] for name in ("id", "event", "timestamp")]
    if not all(type(text) is str for text in texts) or type(event["data"]) is not dict:
        raise TypeError
    moment(texts[2])
    return event


class Common(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "inbox/3"
    sys_version = ""

    def log_message(self, *_):
        pass

    def send(self, status, value, **headers):
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def handle_expect_100(self):
        return True if "Transfer-Encoding" in self.headers else super().handle_expect_100()

    def content(self):
        size = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(size)
        if len(content) < size:
            raise ConnectionError
        return content

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError):
            self.close_connection = True


class Webhook(Common):
    def do_POST(self):
        if "Transfer-Encoding" in self.headers:
            # The body is not read, so the connection ends here.
            self.close_connection = True
            self.send(411, {"error": "Length Required"}, Connection="close")
            self.wfile.flush()
            self.connection.shutdown(1)
            while self.connection.recv(65536):
                pass
            return
        body = self.content()
        status = self.judge(body)
        self.send(status, {"status": status})

    def judge(self, body):
        if urllib.parse.urlsplit(self.path).path != "/webhooks/sendemall":
            return 404
        if self.command != "POST":
            return 405
        mac = hmac.new(os.environ["SENDEMALL_SECRET"].encode(), body, "sha256")
        given = self.headers.get("X-SendEmAll-Signature", "")
        if not hmac.compare_digest(f"sha256={mac.hexdigest()}".encode(), given.encode("latin-1", "replace")):
            return 401
        try:
            event = event_of(body)
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError, AttributeError):
            return 400
        try:
            LEDGER.accept(event)
        except OSError:
            return 503
        return 200

    do_GET = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_POST


class Hooks(Common):
    def do_GET(self):
        _, kind, key = (urllib.parse.unquote(part) for part in self.path.split("/", 2))
        if kind == "effects":
            return self.send(200, {"count": LEDGER.effects(key)})
        state = LEDGER.state(key)
        self.send(200 if state else 404, state)

    def do_POST(self):
        LEDGER.is_down = json.loads(self.content())["fail"]
        self.send(200, {})


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 250


LEDGER = Ledger(os.environ["DATABASE"])
for variable, handler in {"HOOKS_PORT": Hooks, "PORT": Webhook}.items():
    threading.Thread(target=Server(("127.0.0.1", int(os.environ[variable])), handler).serve_forever, daemon=True).start()
sys.stdin.buffer.read()
os._exit(0)
