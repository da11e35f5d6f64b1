#!/usr/bin/env python3
# WSGI application of the deliverability team. Each address has a status, as in the panel of the mail provider.
import hashlib
import hmac
import json
import os
import queue
import sqlite3
import sys
from datetime import datetime
from io import BytesIO
from socketserver import ThreadingMixIn
from threading import Lock, Thread
from urllib.parse import unquote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

CONNECTIONS = queue.LifoQueue()
WRITE = Lock()
SETTINGS = {"crm": True}

VALID, INVALID, BLOCKED = "valid", "invalid", "blocked"


def connect():
    connection = sqlite3.connect(os.environ["DATABASE"], check_same_thread=False, isolation_level=None, timeout=20)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


class Pooled:
    def __enter__(self):
        try:
            self.connection = CONNECTIONS.get_nowait()
        except queue.Empty:
            self.connection = connect()
        return self.connection

    def __exit__(self, *error):
        CONNECTIONS.put(self.connection)


with Pooled() as setup:
    setup.executescript(
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS log (id TEXT PRIMARY KEY, kind TEXT);
        CREATE INDEX IF NOT EXISTS log_kind ON log (kind);
        CREATE TABLE IF NOT EXISTS address (
            email TEXT PRIMARY KEY, status TEXT DEFAULT 'valid', left_at TEXT, opens REAL DEFAULT 0,
            reply TEXT, reply_at REAL DEFAULT -1e12
        );
        """
    )


def set_status(db, email, status):
    # Blocked is stronger than any delivery report.
    db.execute("UPDATE address SET status = ? WHERE email = ? AND status <> ?", (status, email, BLOCKED))


def on_delivered(db, email, data, at):
    set_status(db, email, VALID)


def on_bounced(db, email, data, at):
    if data.get("bounce_type") == "hard":
        set_status(db, email, INVALID)


def on_unsubscribed(db, email, data, at):
    db.execute("UPDATE address SET left_at = ? WHERE email = ?", (at, email))
    if data.get("suppressed_globally") is True:
        set_status(db, email, BLOCKED)


def on_opened(db, email, data, at):
    count = data.get("open_count")
    if isinstance(count, (int, float)):
        db.execute("UPDATE address SET opens = max(opens, ?) WHERE email = ?", (float(min(count, 2**53)), email))


def on_replied(db, email, data, at):
    sentiment = data.get("reply_sentiment")
    sentiment = sentiment if isinstance(sentiment, str) else None
    db.execute(
        "UPDATE address SET reply = ?, reply_at = ? WHERE email = ? AND reply_at <= ?", (sentiment, at, email, at)
    )


HANDLERS = {
    "email.delivered": on_delivered,
    "email.bounced": on_bounced,
    "email.unsubscribed": on_unsubscribed,
    "email.opened": on_opened,
    "email.replied": on_replied,
}


def plain(text):
    return text.encode("utf-8", "replace").decode("utf-8")


def handle(event):
    identity, kind, data = plain(event["id"]), plain(event["event"]), event["data"]
    at = datetime.fromisoformat(event["timestamp"]).timestamp()
    with WRITE, Pooled() as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            known = db.execute("SELECT 1 FROM log WHERE id = ?", (identity,)).fetchone()
            if not known:
                if not SETTINGS["crm"]:
                    raise IOError("no connection to the CRM")
                db.execute("INSERT INTO log VALUES (?, ?)", (identity, kind))
                email = data.get("lead_email")
                if isinstance(email, str):
                    email = plain(email)
                    db.execute("INSERT OR IGNORE INTO address (email) VALUES (?)", (email,))
                    HANDLERS.get(kind, lambda *_: None)(db, email, data, at)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise


def is_event(event):
    return (
        isinstance(event, dict)
        and all(isinstance(event.get(name), str) for name in ("id", "event", "timestamp"))
        and isinstance(event.get("data"), dict)
    )


def webhook(environ):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] != "/webhooks/sendemall":
        return "404 Not Found", None
    if environ["REQUEST_METHOD"] != "POST":
        return "405 Method Not Allowed", None
    mac = hmac.new(os.environb[b"SENDEMALL_SECRET"], body, hashlib.sha256)
    if not hmac.compare_digest(b"sha256=" + mac.hexdigest().encode(), environ.get("HTTP_X_SENDEMALL_SIGNATURE", "").encode("latin-1")):
        return "401 Unauthorized", None
    try:
        event = json.loads(body)
        if not is_event(event):
            return "422 Unprocessable Entity", None
        datetime.fromisoformat(event["timestamp"]).timestamp()
    except (ValueError, RecursionError, OverflowError):
        return "400 Bad Request", None
    try:
        handle(event)
    except Exception as error:
        return "502 Bad Gateway", {"error": str(error)}
    return "200 OK", {"received": True}


def hooks(environ):
    body = environ["wsgi.input"].read()
    _, what, *rest = environ["RAW_PATH"].split("/", 2)
    key = unquote("".join(rest))
    with Pooled() as db:
        if what == "effects":
            return "200 OK", {"count": db.execute("SELECT count(*) FROM log WHERE id = ?", (key,)).fetchone()[0]}
        if what == "leads":
            row = db.execute("SELECT status, left_at, opens, reply FROM address WHERE email = ?", (key,)).fetchone()
            if row is None:
                return "404 Not Found", None
            sent, bounced = (
                db.execute("SELECT count(*) FROM log WHERE kind = ?", (kind,)).fetchone()[0]
                for kind in ("email.sent", "email.bounced")
            )
            return "200 OK", {
                "suppressed": row[0] != VALID,
                "unsubscribed": row[1] is not None,
                "open_count": row[2],
                "sentiment": row[3],
                "rates": {"bounce_rate": min(bounced / sent, 1) if sent else None},
            }
    SETTINGS["crm"] = not json.loads(body)["fail"]
    return "200 OK", {}


def application(view):
    def run(environ, start_response):
        status, answer = view(environ)
        content = json.dumps(answer).encode() + b"\n"
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    return run


class Handler(WSGIRequestHandler):
    """Adds to wsgiref: bodies in chunks, and a body that is complete before the application runs."""

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            return body if len(body) == size else None
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def handle(self):
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            return
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            body = self.read_body()
        except ValueError:
            body = None
        if body is None:
            return
        environ = self.get_environ() | {"wsgi.input": BytesIO(body), "RAW_PATH": self.path.partition("?")[0]}
        state = {}

        def start_response(status, headers):
            state["head"] = (status, headers)

        content = b"".join(self.server.get_app()(environ, start_response))
        status, headers = state["head"]
        lines = [f"HTTP/1.1 {status}", "Connection: close", *(f"{name}: {value}" for name, value in headers)]
        self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (content if self.command != "HEAD" else b""))

    def log_message(self, *args):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 200

    def server_bind(self):
        # No look-up of the own name.
        self.socket.setsockopt(6, 1, 1)
        WSGIServer.server_bind(self)


if __name__ == "__main__":
    for name, view in (("HOOKS_PORT", hooks), ("PORT", webhook)):
        server = make_server("127.0.0.1", int(os.environ[name]), application(view), Server, Handler)
        Thread(target=server.serve_forever, daemon=True).start()
    while sys.stdin.readline():
        pass
    os._exit(0)
