"""Python's http.server. Whether an event is known is looked up in a replica, to spare the database that is written to."""
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

PATH = "/webhooks/sendemall"
SECRET = os.environ["SENDEMALL_SECRET"].encode()
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS effects_by_id ON effects (id);
CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY, suppressed INTEGER DEFAULT 0, unsubscribed INTEGER DEFAULT 0,
    open_count INTEGER DEFAULT 0, sentiment TEXT, replied_at REAL DEFAULT 0);
CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER);
"""
local = threading.local()


def connection():
    """One for each thread, without implicit transactions."""
    if not hasattr(local, "db"):
        local.db = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, timeout=20)
        local.db.execute("PRAGMA synchronous = OFF")
    return local.db


def replica():
    if not hasattr(local, "replica"):
        local.replica = sqlite3.connect(os.environ["DATABASE"] + ".replica", timeout=20)
    return local.replica


def replicate():
    connection().backup(replica())


def replicate_forever():
    while True:
        time.sleep(0.7)
        replicate()


def is_known(event):
    return replica().execute("SELECT 1 FROM events WHERE id = ?", (event["id"],)).fetchone() is not None


def total(name):
    row = connection().execute("SELECT value FROM totals WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def update_lead(event):
    kind, data, db = event["event"], event["data"], connection()
    email = data.get("lead_email")
    if email is None:
        return
    db.execute("INSERT OR IGNORE INTO leads (email) VALUES (?)", (email,))
    if kind == "email.bounced" and data.get("bounce_type") == "hard":
        db.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))
    elif kind == "email.unsubscribed":
        db.execute("UPDATE leads SET unsubscribed = 1 WHERE email = ?", (email,))
        if data.get("suppressed_globally") is True:
            db.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))
    elif kind == "email.opened":
        count = data.get("open_count", 0)
        db.execute("UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?", (count, email))
    elif kind == "email.replied":
        at = datetime.fromisoformat(event["timestamp"]).timestamp()
        db.execute(
            "UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
            (data.get("reply_sentiment"), at, email, at))


def apply(event):
    """Does what the event asks for. Unknown types are acknowledged and ignored."""
    if event["event"].split(".")[0] not in ("email", "campaign"):
        return
    if total("crm_is_down"):
        raise ConnectionError("The CRM does not answer.")
    db = connection()
    db.execute("INSERT INTO effects (id) VALUES (?)", (event["id"],))
    db.execute(
        "INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1", (event["event"],))
    update_lead(event)


def handle(event):
    """The event's id and its effects are one transaction."""
    if is_known(event):
        return
    db = connection()
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("INSERT OR IGNORE INTO events (id) VALUES (?)", (event["id"],))
        apply(event)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def parse(body):
    try:
        event = json.loads(body)
        datetime.fromisoformat(event["timestamp"])
        if isinstance(event["id"], str) and isinstance(event["event"], str) and isinstance(event["data"], dict):
            return event
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def is_signed(body, given):
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    # One packet for head and body: two of them would wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def read(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def do_POST(self):
        body = self.read()
        if self.path != PATH:
            return self.answer(404)
        if not is_signed(body, self.headers.get("X-SendEmAll-Signature", "")):
            return self.answer(401)
        event = parse(body)
        if event is None:
            return self.answer(400)
        try:
            handle(event)
        except Exception:
            return self.answer(500)
        self.answer(200)

    def answer(self, status, content=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def other_method(self):
        self.read()
        self.answer(405 if self.path == PATH else 404)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = other_method

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def state_of(email):
    row = connection().execute(
        "SELECT suppressed, unsubscribed, open_count, sentiment FROM leads WHERE email = ?", (email,)).fetchone()
    if row is None:
        return None
    sent = total("email.sent")
    return {
        "suppressed": bool(row[0]), "unsubscribed": bool(row[1]), "open_count": row[2], "sentiment": row[3],
        "rates": {"bounce_rate": min(1, total("email.bounced") / sent) if sent else None},
    }


class Hooks(Receiver):
    """Test hooks, on a port of their own."""

    def do_GET(self):
        kind, key = self.path[1:].split("/", 1)
        if kind == "effects":
            row = connection().execute("SELECT count(*) FROM effects WHERE id = ?", (unquote(key),)).fetchone()
            found = {"count": row[0]}
        else:
            found = state_of(unquote(key))
        self.answer(404 if found is None else 200, json.dumps(found).encode())

    def do_POST(self):
        down = int(json.loads(self.read())["fail"])
        connection().execute("INSERT OR REPLACE INTO totals VALUES ('crm_is_down', ?)", (down,))
        self.answer(200, b"{}")


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def start(name):
    port = int(os.environ[name])
    return Server(("127.0.0.1", port), Receiver if name == "PORT" else Hooks)


connection().executescript(SCHEMA)
connection().execute("DELETE FROM totals WHERE name = 'crm_is_down'")
replicate()
threading.Thread(target=end_with_parent, daemon=True).start()
threading.Thread(target=replicate_forever, daemon=True).start()
threading.Thread(target=start("HOOKS_PORT").serve_forever, daemon=True).start()
start("PORT").serve_forever()
