"""Worker processes behind one socket; each serves a number of requests, then a new one takes its place."""

import hashlib
import hmac
import json
import mmap
import os
import select
import signal
import socket
import sqlite3
import sys
import threading
from datetime import datetime
from urllib.parse import unquote

WORKERS = 3
MAX_REQUESTS = 60
PATH = "/webhooks/sendemall"
KEY = os.environ["SENDEMALL_SECRET"].encode()

# One byte that all processes see: 1 while the CRM is down.
SHARED = mmap.mmap(-1, 1)

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, type TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY, suppressed INTEGER NOT NULL, unsubscribed INTEGER NOT NULL,
    open_count INTEGER NOT NULL, sentiment TEXT, replied_at REAL NOT NULL);
"""


def connect():
    db = sqlite3.connect(os.environ["DATABASE"], timeout=9, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    return db


def seconds(timestamp):
    return datetime.fromisoformat(timestamp).timestamp()


def update_lead(db, event):
    data = event["data"]
    email = data.get("lead_email")
    if not isinstance(email, str):
        return
    db.execute("INSERT OR IGNORE INTO leads VALUES (?, 0, 0, 0, NULL, 0)", (email,))
    kind = event["event"]
    if kind == "email.bounced" and data.get("bounce_type") == "hard":
        db.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))
    if kind == "email.unsubscribed":
        db.execute("UPDATE leads SET unsubscribed = 1 WHERE email = ?", (email,))
        if data.get("suppressed_globally") is True:
            db.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))
    if kind == "email.opened" and isinstance(data.get("open_count"), (int, float)):
        count = int(min(data["open_count"], 2**60))
        db.execute("UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?", (count, email))
    if kind == "email.replied":
        sentiment, at = data.get("reply_sentiment"), seconds(event["timestamp"])
        if isinstance(sentiment, str):
            db.execute(
                "UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
                (sentiment, at, email, at),
            )


def process(event):
    """The effect and its id are one row; the lead changes in the same transaction."""
    if not event["event"].startswith(("email.", "campaign.")):
        return True
    db = connect()
    try:
        db.execute("BEGIN IMMEDIATE")
        added = db.execute("INSERT OR IGNORE INTO effects VALUES (?, ?)", (event["id"], event["event"])).rowcount
        if added and SHARED[0]:
            return False
        if added:
            update_lead(db, event)
        db.execute("COMMIT")
        return True
    finally:
        db.close()


def parse(body):
    event = json.loads(body)
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        return None
    if not all(isinstance(event.get(name), str) for name in ("id", "event", "timestamp")):
        return None
    seconds(event["timestamp"])
    json.dumps(event, ensure_ascii=False).encode()
    return event


def webhook(method, path, headers, body):
    if path.split("?")[0] != PATH:
        return 404
    if method != "POST":
        return 405
    expected = "sha256=" + hmac.new(KEY, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), headers.get("x-sendemall-signature", "").encode("latin-1")):
        return 401
    try:
        event = parse(body)
    except (ValueError, RecursionError):
        event = None
    if event is None:
        return 400
    return 200 if process(event) else 503


# --- HTTP ------------------------------------------------------------------------------------


def read_request(client, stream):
    """Method, path, headers and body; None at the end of the connection."""
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while (field := stream.readline().decode("latin-1").strip()) != "":
        name, value = field.split(":", 1)
        headers[name.lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while (size := int(stream.readline().split(b";")[0], 16)) > 0:
            body += stream.read(size)
            stream.readline()
        while stream.readline().strip():
            pass
    else:
        body = stream.read(int(headers.get("content-length", 0)))
    return line[0], line[1], headers, body


def write_response(client, status, content, closing):
    connection = "close" if closing else "keep-alive"
    head = f"HTTP/1.1 {status} Status\r\nContent-Length: {len(content)}\r\nConnection: {connection}\r\n\r\n"
    client.sendall(head.encode() + content)


class Worker:
    """Serves connections until it has served enough requests."""

    def __init__(self, server, retired):
        self.server = server
        self.retired = retired
        self.lock = threading.Lock()
        self.served = 0
        self.open = 0

    def is_old(self):
        return self.served >= MAX_REQUESTS

    def count(self):
        with self.lock:
            self.served += 1
            if self.served == MAX_REQUESTS:
                os.write(self.retired, b".")
            return self.is_old()

    def serve(self, client):
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with client, client.makefile("rb") as stream:
                while (request := read_request(client, stream)) is not None:
                    status = webhook(*request)
                    closing = self.count() or request[2].get("connection", "").lower() == "close"
                    write_response(client, status, b"", closing)
                    if closing:
                        break
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open -= 1

    def run(self):
        self.server.settimeout(0.05)
        while not self.is_old():
            try:
                client, _ = self.server.accept()
            except (TimeoutError, BlockingIOError):
                continue
            client.settimeout(30)
            with self.lock:
                self.open += 1
            threading.Thread(target=self.serve, args=(client,)).start()
        # Its open connections end with their next response.
        while self.open:
            threading.Event().wait(0.05)
        os._exit(0)


# --- Test hooks ------------------------------------------------------------------------------


def state_of(db, email):
    row = db.execute("SELECT * FROM leads WHERE email = ?", (email,)).fetchone()
    if row is None:
        return None
    counts = dict(db.execute("SELECT type, count(*) FROM effects GROUP BY type"))
    sent = counts.get("email.sent", 0)
    rate = min(1, counts.get("email.bounced", 0) / sent) if sent else None
    return dict(suppressed=row[1] == 1, unsubscribed=row[2] == 1, open_count=row[3], sentiment=row[4],
                rates=dict(bounce_rate=rate))


def hook(path, body):
    _, kind, key = (path.split("/", 2) + [""])[:3]
    if kind == "fault":
        SHARED[0] = json.loads(body)["fail"]
        return {}
    db = connect()
    try:
        if kind == "leads":
            return state_of(db, unquote(key))
        return {"count": db.execute("SELECT count(*) FROM effects WHERE id = ?", (unquote(key),)).fetchone()[0]}
    finally:
        db.close()


def serve_hooks(server):
    def answer(client):
        with client, client.makefile("rb") as stream:
            while (request := read_request(client, stream)) is not None:
                found = hook(request[1], request[3])
                write_response(client, 404 if found is None else 200, json.dumps(found).encode(), False)

    while True:
        client, _ = server.accept()
        threading.Thread(target=answer, args=(client,), daemon=True).start()


# --- Processes -------------------------------------------------------------------------------


def spawn(action, *arguments):
    if os.fork() == 0:
        action(*arguments)


def listen(name):
    return socket.create_server(("127.0.0.1", int(os.environ[name])), backlog=256)


def main():
    db = connect()
    db.executescript(SCHEMA)
    db.close()
    if os.getpgrp() != os.getpid():
        os.setpgrp()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    hooks, server = listen("HOOKS_PORT"), listen("PORT")
    retired, tell = os.pipe()
    spawn(serve_hooks, hooks)
    for _ in range(WORKERS):
        spawn(Worker(server, tell).run)
    while True:
        ready, _, _ = select.select([sys.stdin, retired], [], [])
        if sys.stdin in ready:
            break
        for _ in os.read(retired, 64):
            spawn(Worker(server, tell).run)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
