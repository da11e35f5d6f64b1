"""Python's http.server, a thread for each connection. MANNER, as JSON, says in which lawful way it is unusual."""
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

PATH = "/webhooks/sendemall"
SECRET = os.environ["SENDEMALL_SECRET"].encode()
MANNER = json.loads(os.environ.get("MANNER", "{}"))
ACCEPTED = MANNER.get("accepted", 200)
FORGED = MANNER.get("forged", 401)
# Addresses of other domains are unknown leads.
KNOWN_DOMAIN = MANNER.get("knownDomain")
# More bad signatures than this within a second are answered 429, and so is everything for a second after that.
MAX_FORGERIES = MANNER.get("maxForgeries")
CLOSES = MANNER.get("http10", False)
# Each thread serves one connection until it is closed, or idle for this time.
THREADS = MANNER.get("threads")
IDLE_SECONDS = MANNER.get("idleMs", 20000) / 1000
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
    """Does what the event asks for, for known leads. Everything else is acknowledged and ignored."""
    if not event["event"].startswith(("email.", "campaign.")):
        return
    if KNOWN_DOMAIN and not str(event["data"].get("lead_email")).endswith("@" + KNOWN_DOMAIN):
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
    db = connection()
    db.execute("BEGIN IMMEDIATE")
    try:
        fresh = db.execute("INSERT OR IGNORE INTO events (id) VALUES (?)", (event["id"],)).rowcount == 1
        if fresh:
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


class Limiter:
    """Locks everybody out for a second after too many bad signatures within one."""

    def __init__(self):
        self.lock, self.forgeries, self.closed_until = threading.Lock(), [], 0

    def is_closed(self):
        return time.monotonic() < self.closed_until

    def count(self):
        with self.lock:
            now = time.monotonic()
            self.forgeries = [at for at in self.forgeries if at > now - 1] + [now]
            if MAX_FORGERIES and len(self.forgeries) > MAX_FORGERIES:
                self.forgeries, self.closed_until = [], now + 1


limiter = Limiter()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0" if CLOSES else "HTTP/1.1"
    timeout = IDLE_SECONDS
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
        if limiter.is_closed():
            return self.answer(429, headers=[("Retry-After", "1")])
        if not is_signed(body, self.headers.get("X-SendEmAll-Signature", "")):
            limiter.count()
            return self.answer(FORGED)
        event = parse(body)
        if event is None:
            return self.answer(400)
        try:
            handle(event)
        except Exception:
            return self.answer(500)
        self.answer(ACCEPTED)

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


class Pooled(Server):
    """Few threads, which connections wait for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.pool = ThreadPoolExecutor(THREADS)

    def process_request(self, request, client_address):
        self.pool.submit(self.process_request_thread, request, client_address)


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
    address = ("127.0.0.1", int(os.environ[name]))
    if name == "HOOKS_PORT":
        return Server(address, Hooks)
    return (Pooled if THREADS else Server)(address, Receiver)


time.sleep(MANNER.get("startMs", 0) / 1000)
connection().executescript(SCHEMA)
connection().execute("DELETE FROM totals WHERE name = 'crm_is_down'")
threading.Thread(target=end_with_parent, daemon=True).start()
threading.Thread(target=start("HOOKS_PORT").serve_forever, daemon=True).start()
start("PORT").serve_forever()
