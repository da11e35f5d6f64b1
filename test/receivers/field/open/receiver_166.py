"""Spreads leads over several databases, so that writers do not wait for each other."""

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

SHARDS = 4

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at REAL NOT NULL DEFAULT 0
);
"""


class CrmError(Exception):
    pass


class Shard:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.executescript(SCHEMA)

    @contextmanager
    def transaction(self):
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db.execute
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def value(self, sql, *values):
        with self.lock:
            return self.db.execute(sql, values).fetchone()


class Cluster:
    def __init__(self, path):
        self.shards = [Shard(f"{path}.{number}") for number in range(SHARDS)]
        self.fails = False

    def shard(self, key):
        """The shard of a lead."""
        return self.shards[hash(key) % SHARDS]

    def handle(self, event):
        data = event["data"]
        email = data.get("lead_email")
        known = isinstance(email, str)
        with self.shard(email if known else event["id"]).transaction() as run:
            if run("INSERT OR IGNORE INTO events VALUES (?, ?)", (event["id"], event["event"])).rowcount == 0:
                return
            if self.fails:
                raise CrmError
            if known:
                run("INSERT OR IGNORE INTO leads (email) VALUES (?)", (email,))
                self.change(run, event["event"], email, data, moment(event["timestamp"]))

    def change(self, run, kind, email, data, at):
        match kind:
            case "email.bounced":
                if data.get("bounce_type") == "hard":
                    run("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))
            case "email.unsubscribed":
                everywhere = int(data.get("suppressed_globally") is True)
                run(
                    "UPDATE leads SET unsubscribed = 1, suppressed = max(suppressed, ?) WHERE email = ?",
                    (everywhere, email),
                )
            case "email.opened":
                if isinstance(data.get("open_count"), (int, float)):
                    count = int(min(data["open_count"], 2**60))
                    run("UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?", (count, email))
            case "email.replied":
                sentiment = data.get("reply_sentiment")
                run(
                    "UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
                    (sentiment if isinstance(sentiment, str) else None, at, email, at),
                )

    def effects(self, event_id):
        return sum(shard.value("SELECT count(*) FROM events WHERE id = ?", event_id)[0] for shard in self.shards)

    def number(self, kind):
        return sum(shard.value("SELECT count(*) FROM events WHERE type = ?", kind)[0] for shard in self.shards)

    def state(self, email):
        columns = "suppressed, unsubscribed, open_count, sentiment"
        row = self.shard(email).value(f"SELECT {columns} FROM leads WHERE email = ?", email)
        if row is None:
            return None
        sent = self.number("email.sent")
        rate = min(1, self.number("email.bounced") / sent) if sent else None
        return {
            "suppressed": bool(row[0]), "unsubscribed": bool(row[1]), "open_count": row[2], "sentiment": row[3],
            "rates": {"bounce_rate": rate},
        }


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def event_in(body):
    event = json.loads(body)
    if type(event) is not dict or type(event.get("data")) is not dict:
        raise ValueError
    if any(type(event.get(name)) is not str for name in ("id", "event", "timestamp")):
        raise ValueError
    moment(event["timestamp"])
    event["id"].encode()
    return event


cluster = Cluster(os.environ["DATABASE"])


class Base(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format, *args):
        pass

    def respond(self, status, value=None):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def content(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self.chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def chunks(self):
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass


class Webhook(Base):
    def do_POST(self):
        content = self.content()
        if self.path.split("?")[0] != "/webhooks/sendemall":
            return self.respond(404)
        mac = hmac.new(os.environ["SENDEMALL_SECRET"].encode(), content, hashlib.sha256)
        scheme, _, digest = self.headers.get("X-SendEmAll-Signature", "").partition("=")
        if scheme != "sha256" or not hmac.compare_digest(digest.encode("latin-1", "replace"), mac.hexdigest().encode()):
            return self.respond(401, {"error": "signature"})
        try:
            event = event_in(content)
        except (ValueError, RecursionError):
            return self.respond(422, {"error": "event"})
        if event["event"].startswith(("email.", "campaign.")):
            try:
                cluster.handle(event)
            except CrmError:
                return self.respond(502, {"error": "crm"})
        self.respond(200, {"received": True})

    def refuse(self):
        self.content()
        self.respond(405)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_PATCH = refuse


class Hooks(Base):
    def do_GET(self):
        kind, _, key = self.path[1:].partition("/")
        key = unquote(key)
        found = {"count": cluster.effects(key)} if kind == "effects" else cluster.state(key)
        self.respond(404 if found is None else 200, found)

    def do_POST(self):
        cluster.fails = json.loads(self.content())["fail"]
        self.respond(200)


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def run(port, handler):
    server = Server(("127.0.0.1", int(os.environ[port])), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


run("HOOKS_PORT", Hooks)
run("PORT", Webhook)
sys.stdin.read()
os._exit(0)
