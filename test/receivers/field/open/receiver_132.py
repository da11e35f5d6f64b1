"""Receives events of SendEmAll and keeps contacts in SQLite."""

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

SECRET = os.environ["SENDEMALL_SECRET"].encode()
PATH = "/webhooks/sendemall"

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (event_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS activities (event_id TEXT NOT NULL, kind TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS activities_by_event ON activities (event_id);
CREATE INDEX IF NOT EXISTS activities_by_kind ON activities (kind);
CREATE TABLE IF NOT EXISTS contacts (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at REAL NOT NULL DEFAULT 0
);
"""


class Unavailable(Exception):
    """The CRM does not take anything at the moment."""


class Database:
    """One connection for all threads; each statement has it to itself."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.executescript(SCHEMA)
        self.lock = threading.Lock()

    def run(self, sql, *values):
        with self.lock:
            return self.connection.execute(sql, values).fetchall()

    def commit(self):
        with self.lock:
            self.connection.commit()

    def rollback(self):
        with self.lock:
            self.connection.rollback()


class Crm:
    """Mirrors what happens to a contact. It needs a moment for everything."""

    def __init__(self, database):
        self.database = database
        self.available = True

    def push(self, event):
        time.sleep(0.012)
        if not self.available:
            raise Unavailable()
        run, data = self.database.run, event["data"]
        run("INSERT INTO activities VALUES (?, ?)", event["id"], event["event"])
        email = data.get("lead_email")
        if not isinstance(email, str):
            return
        run("INSERT OR IGNORE INTO contacts (email) VALUES (?)", email)
        change = getattr(self, event["event"].replace(".", "_"), None)
        if change:
            change(email, data, event)

    def email_opened(self, email, data, event):
        count = data.get("open_count")
        if isinstance(count, (int, float)):
            count = int(min(count, 2**53))
            self.database.run("UPDATE contacts SET open_count = max(open_count, ?) WHERE email = ?", count, email)

    def email_bounced(self, email, data, event):
        if data.get("bounce_type") == "hard":
            self.database.run("UPDATE contacts SET suppressed = 1 WHERE email = ?", email)

    def email_unsubscribed(self, email, data, event):
        everywhere = 1 if data.get("suppressed_globally") is True else 0
        self.database.run(
            "UPDATE contacts SET unsubscribed = 1, suppressed = max(suppressed, ?) WHERE email = ?", everywhere, email
        )

    def email_replied(self, email, data, event):
        at = moment(event["timestamp"])
        sentiment = data.get("reply_sentiment")
        self.database.run(
            "UPDATE contacts SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
            sentiment if isinstance(sentiment, str) else None, at, email, at,
        )


def moment(text):
    return datetime.fromisoformat(text).timestamp()


database = Database(os.environ["DATABASE"])
crm = Crm(database)


def process(event):
    """The mark and what the event causes are committed together."""
    if not event["event"].startswith(("email.", "campaign.")):
        return
    try:
        database.run("INSERT INTO deliveries VALUES (?)", event["id"])
        crm.push(event)
        database.commit()
    except sqlite3.IntegrityError:
        # It was delivered before.
        database.rollback()
    except BaseException:
        database.rollback()
        raise


def parse(body):
    event = json.loads(body)
    texts = [event["id"], event["event"], event["timestamp"]]
    if not all(isinstance(text, str) for text in texts) or not isinstance(event["data"], dict):
        raise ValueError("not an event")
    moment(event["timestamp"])
    json.dumps(event, ensure_ascii=False).encode()
    return event


def is_signed(body, header):
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "surrogateescape"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def answer(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Webhook(Handler):
    def do_POST(self):
        body = self.body()
        if self.path.split("?")[0] != PATH:
            return self.answer(404, {"error": "not found"})
        if not is_signed(body, self.headers.get("X-SendEmAll-Signature", "")):
            return self.answer(401, {"error": "invalid signature"})
        try:
            event = parse(body)
        except (ValueError, KeyError, TypeError, RecursionError):
            return self.answer(400, {"error": "invalid event"})
        try:
            process(event)
        except Unavailable:
            return self.answer(503, {"error": "try again later"})
        self.answer(200, {"received": True})

    def do_GET(self):
        self.body()
        self.answer(405 if self.path == PATH else 404, {"error": "POST only"})

    do_PUT = do_PATCH = do_DELETE = do_GET


def state_of(email):
    rows = database.run("SELECT suppressed, unsubscribed, open_count, sentiment FROM contacts WHERE email = ?", email)
    if not rows:
        return None
    suppressed, unsubscribed, open_count, sentiment = rows[0]
    kinds = dict(database.run("SELECT kind, count(*) FROM activities GROUP BY kind"))
    sent = kinds.get("email.sent", 0)
    rate = min(1, kinds.get("email.bounced", 0) / sent) if sent else None
    return {
        "suppressed": bool(suppressed), "unsubscribed": bool(unsubscribed), "open_count": open_count,
        "sentiment": sentiment, "rates": {"bounce_rate": rate},
    }


class Hooks(Handler):
    def do_GET(self):
        _, kind, key = (self.path.split("/", 2) + [""])[:3]
        key = unquote(key)
        if kind == "effects":
            found = {"count": database.run("SELECT count(*) FROM activities WHERE event_id = ?", key)[0][0]}
        else:
            found = state_of(key)
        self.answer(404 if found is None else 200, found)

    def do_POST(self):
        crm.available = not json.loads(self.body())["fail"]
        self.answer(200, {})


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


def listen(name, handler):
    server = Server(("127.0.0.1", int(os.environ[name])), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


listen("HOOKS_PORT", Hooks)
listen("PORT", Webhook)
sys.stdin.read()
os._exit(0)
