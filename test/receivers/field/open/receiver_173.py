"""Collects events into small batches, cleans them like the nightly import of lists does, and writes them to SQLite."""

import hashlib
import hmac
import json
import math
import os
import queue
import sqlite3
import sys
import threading
from concurrent.futures import Future
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

SECRET = os.environ["SENDEMALL_SECRET"].encode()
BATCH = 50

# What list exports write for "no value".
MISSING = frozenset(
    ["#N/A", "#N/A N/A", "#NA", "-NaN", "-nan", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
)

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS rows (event_id TEXT PRIMARY KEY, type TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notices (event_id TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at REAL NOT NULL DEFAULT 0
);
"""


def clean(value):
    """A cell as the import of lists reads it."""
    if value is None:
        return ""
    return math.nan if value in MISSING else value


def notice(data):
    """What the sales team reads about a reply."""
    name = clean(data.get("lead_name", ""))
    company = clean(data.get("lead_company", ""))
    sender = name.strip() or "Somebody"
    return f"{sender} of {company.strip()} replied." if company else f"{sender} replied."


class Writer(threading.Thread):
    """The only one that uses the database."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.queue = queue.SimpleQueue()
        self.is_crm_down = False

    def run(self):
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.executescript(SCHEMA)
        while True:
            batch = [self.queue.get()]
            while len(batch) < BATCH and not self.queue.empty():
                batch.append(self.queue.get())
            self.execute(batch)

    def execute(self, batch):
        """Each job has a savepoint: one that fails does not harm the others."""
        outcomes = []
        self.db.execute("BEGIN IMMEDIATE")
        for job, future in batch:
            self.db.execute("SAVEPOINT job")
            try:
                outcomes.append((future.set_result, job(self.db.execute)))
            except Exception as error:
                self.db.execute("ROLLBACK TO job")
                outcomes.append((future.set_exception, error))
            self.db.execute("RELEASE job")
        self.db.execute("COMMIT")
        for settle, value in outcomes:
            settle(value)

    def ask(self, job):
        future = Future()
        self.queue.put((job, future))
        return future.result()


writer = Writer(os.environ["DATABASE"])


def store(event):
    def job(run):
        if run("INSERT OR IGNORE INTO rows VALUES (?, ?)", (event["id"], event["event"])).rowcount == 0:
            return
        if writer.is_crm_down:
            raise RuntimeError("the CRM is down")
        email = event["data"].get("lead_email")
        if isinstance(email, str):
            run("INSERT OR IGNORE INTO contacts (email) VALUES (?)", (email,))
            change(run, event, email)

    return job


def change(run, event, email):
    kind, data = event["event"], event["data"]
    if kind == "email.replied":
        at = moment(event["timestamp"])
        sentiment = data.get("reply_sentiment")
        run("INSERT INTO notices VALUES (?, ?)", (event["id"], notice(data)))
        run(
            "UPDATE contacts SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
            (sentiment if isinstance(sentiment, str) else None, at, email, at),
        )
    elif kind == "email.opened" and isinstance(data.get("open_count"), (int, float)):
        count = int(min(data["open_count"], 2**60))
        run("UPDATE contacts SET open_count = max(open_count, ?) WHERE email = ?", (count, email))
    elif kind == "email.bounced" and data.get("bounce_type") == "hard":
        run("UPDATE contacts SET suppressed = 1 WHERE email = ?", (email,))
    elif kind == "email.unsubscribed":
        run("UPDATE contacts SET unsubscribed = 1 WHERE email = ?", (email,))
        if data.get("suppressed_globally") is True:
            run("UPDATE contacts SET suppressed = 1 WHERE email = ?", (email,))


def effects(event_id):
    return lambda run: {"count": run("SELECT count(*) FROM rows WHERE event_id = ?", (event_id,)).fetchone()[0]}


def state(email):
    def job(run):
        row = run(
            "SELECT suppressed, unsubscribed, open_count, sentiment FROM contacts WHERE email = ?", (email,)
        ).fetchone()
        if row is None:
            return None
        numbers = dict(run("SELECT type, count(*) FROM rows GROUP BY type").fetchall())
        sent = numbers.get("email.sent", 0)
        return {
            "suppressed": row[0] == 1,
            "unsubscribed": row[1] == 1,
            "open_count": row[2],
            "sentiment": row[3],
            "rates": {"bounce_rate": min(1, numbers.get("email.bounced", 0) / sent) if sent else None},
        }

    return job


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def printable(value):
    """JSON may have halves of surrogate pairs, and databases may not."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def parse(body):
    event = json.loads(body.decode())
    data = event["data"]
    if not isinstance(data, dict):
        raise TypeError("data is no object")
    for name in ("id", "event", "timestamp"):
        if not isinstance(event[name], str):
            raise TypeError(f"{name} is no text")
    moment(event["timestamp"])
    for name in ("lead_name", "lead_company"):
        if name in data and not isinstance(data[name], (str, type(None))):
            data[name] = str(data[name])
    event["data"] = {name: printable(value) for name, value in data.items()}
    event["id"] = printable(event["id"])
    event["event"] = printable(event["event"])
    return event


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, value=None):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def body(self):
        if self.headers.get("Transfer-Encoding", "identity").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)


class Webhook(Handler):
    def handle_request_to(self):
        body = self.body()
        if self.path.partition("?")[0] != "/webhooks/sendemall":
            return 404
        if self.command != "POST":
            return 405
        expected = b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(self.headers.get("X-SendEmAll-Signature", "").encode("utf-8", "replace"), expected):
            return 401
        try:
            event = parse(body)
        except (ValueError, TypeError, KeyError, RecursionError):
            return 400
        if event["event"].startswith(("email.", "campaign.")):
            try:
                writer.ask(store(event))
            except Exception:
                return 500
        return 200

    def do_POST(self):
        status = self.handle_request_to()
        self.answer(status, {"status": status})

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_POST


class Hooks(Handler):
    def do_GET(self):
        kind, _, key = self.path.lstrip("/").partition("/")
        found = writer.ask((effects if kind == "effects" else state)(unquote(key)))
        self.answer(404 if found is None else 200, found)

    def do_POST(self):
        writer.is_crm_down = json.loads(self.body())["fail"]
        self.answer(200)


class Server(ThreadingHTTPServer):
    request_queue_size = 200
    daemon_threads = True


writer.start()
for name, handler in {"HOOKS_PORT": Hooks, "PORT": Webhook}.items():
    threading.Thread(target=Server(("127.0.0.1", int(os.environ[name])), handler).serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
