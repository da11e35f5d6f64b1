"""Webhook of the growth team: events in SQLite, and statistics for the dashboard in a database of their own."""

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

ENDPOINT = "/webhooks/sendemall"
SECRET = os.environ["SENDEMALL_SECRET"].encode()


class Outage(Exception):
    """The CRM refuses to take anything."""


class Statistics:
    """Numbers of events by type. They are written at once, whatever else is going on."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("CREATE TABLE IF NOT EXISTS numbers (type TEXT PRIMARY KEY, number INTEGER NOT NULL)")

    def bump(self, type_):
        self.db.execute(
            "INSERT INTO numbers VALUES (?, 1) ON CONFLICT (type) DO UPDATE SET number = number + 1", (type_,)
        )

    def number(self, type_):
        row = self.db.execute("SELECT number FROM numbers WHERE type = ?", (type_,)).fetchone()
        return row[0] if row else 0

    def bounce_rate(self):
        sent = self.number("email.sent")
        return min(1, self.number("email.bounced") / sent) if sent else None


class Crm:
    """Leads and the events that changed them."""

    def __init__(self, path):
        self.available = True
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL, received_at REAL NOT NULL);
            CREATE TABLE IF NOT EXISTS leads (
                email TEXT PRIMARY KEY, suppressed INTEGER DEFAULT 0, unsubscribed INTEGER DEFAULT 0,
                open_count INTEGER DEFAULT 0, sentiment TEXT, replied_at REAL DEFAULT 0
            );
            """
        )

    def has(self, event_id):
        return self.db.execute("SELECT 1 FROM events WHERE id = ?", (event_id,)).fetchone() is not None

    def save(self, event):
        self.db.execute("BEGIN IMMEDIATE")
        try:
            self.db.execute(
                "INSERT INTO events VALUES (?, ?, ?)", (event["id"], event["event"], datetime.now().timestamp())
            )
            self.push(event["event"], moment(event["timestamp"]), event["data"])
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise

    def push(self, type_, at, data):
        if not self.available:
            raise Outage
        email = data.get("lead_email")
        if not isinstance(email, str):
            return
        update = self.db.execute
        update("INSERT OR IGNORE INTO leads (email) VALUES (?)", (email,))
        if type_ == "email.bounced" and data.get("bounce_type") == "hard":
            update("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))
        elif type_ == "email.unsubscribed":
            update("UPDATE leads SET unsubscribed = 1 WHERE email = ?", (email,))
            if data.get("suppressed_globally") is True:
                update("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))
        elif type_ == "email.opened":
            count = data.get("open_count")
            if isinstance(count, (int, float)):
                opens = int(min(count, 2**62))
                update("UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?", (opens, email))
        elif type_ == "email.replied":
            sentiment = data.get("reply_sentiment")
            update(
                "UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
                (sentiment if isinstance(sentiment, str) else None, at, email, at),
            )

    def lead(self, email):
        return self.db.execute(
            "SELECT suppressed, unsubscribed, open_count, sentiment FROM leads WHERE email = ?", (email,)
        ).fetchone()


crm = Crm(os.environ["DATABASE"])
statistics = Statistics(os.environ["DATABASE"] + ".statistics")
lock = threading.Lock()


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def process(event):
    """Process an event unless it was processed before."""
    with lock:
        if crm.has(event["id"]):
            return
        statistics.bump(event["event"])
        crm.save(event)


def parse(body):
    event = json.loads(body.decode())
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        raise ValueError("no data")
    for name in ("id", "event", "timestamp"):
        if not isinstance(event.get(name), str):
            raise ValueError(f"{name} is no text")
    moment(event["timestamp"])
    scrub(event)
    return event


def scrub(value):
    """Replace halves of surrogate pairs, which SQLite does not store."""
    if isinstance(value, dict):
        for name, item in value.items():
            value[name] = scrub(item)
    elif isinstance(value, list):
        value[:] = map(scrub, value)
    elif isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value


class Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, *_):
        """Say nothing."""

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        return body

    def send(self, status, value):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class Webhook(Http):
    def answer(self):
        body = self.read_body()
        if urlsplit(self.path).path != ENDPOINT:
            return 404, "not found"
        if self.command != "POST":
            return 405, "POST only"
        expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        given = self.headers.get("X-SendEmAll-Signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            return 401, "invalid signature"
        try:
            event = parse(body)
        except (ValueError, RecursionError):
            return 400, "not an event"
        if event["event"].split(".")[0] in ("email", "campaign"):
            try:
                process(event)
            except Outage:
                return 503, "try again later"
        return 200, "received"

    def do_POST(self):
        self.send(*self.answer())

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_POST


class Hooks(Http):
    def do_GET(self):
        _, kind, key = self.path.split("/", 2)
        key = unquote(key)
        with lock:
            if kind == "effects":
                return self.send(200, {"count": int(crm.has(key))})
            lead = crm.lead(key)
            rate = statistics.bounce_rate()
        if lead is None:
            return self.send(404, None)
        suppressed, unsubscribed, open_count, sentiment = lead
        self.send(200, {
            "suppressed": suppressed == 1, "unsubscribed": unsubscribed == 1, "open_count": open_count,
            "sentiment": sentiment, "rates": {"bounce_rate": rate},
        })

    def do_POST(self):
        crm.available = not json.loads(self.read_body())["fail"]
        self.send(200, {})


class Server(ThreadingHTTPServer):
    request_queue_size = 200
    daemon_threads = True


for variable, handler in (("HOOKS_PORT", Hooks), ("PORT", Webhook)):
    server = Server(("127.0.0.1", int(os.environ[variable])), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
