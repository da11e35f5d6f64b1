"""An endpoint on plain sockets for the events of SendEmAll."""

import hashlib
import hmac
import io
import json
import os
import socket
import sqlite3
import sys
import threading
from datetime import datetime
from urllib.parse import unquote

WEBHOOK = "/webhooks/sendemall"
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
           411: "Length Required", 503: "Service Unavailable"}


class Store:
    """Everything that is known, under one lock."""

    def __init__(self, path):
        self.lock = threading.RLock()
        self.failing = False
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.executescript("""
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, type TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS lead (email TEXT PRIMARY KEY, state TEXT NOT NULL);
        """)

    def add(self, event):
        """Adds an event; one that is there already changes nothing."""
        with self.lock:
            self.db.execute("BEGIN")
            try:
                self.insert(event)
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def insert(self, event):
        cursor = self.db.execute("INSERT OR IGNORE INTO event VALUES (?, ?)", (event["id"], event["event"]))
        if cursor.rowcount == 0:
            return
        if self.failing:
            raise RuntimeError("no downstream")
        email = event["data"].get("lead_email")
        if isinstance(email, str):
            state = self.load(email) or dict(suppressed=False, unsubscribed=False, open_count=0, sentiment=None, at=0)
            change(state, event)
            self.db.execute("INSERT OR REPLACE INTO lead VALUES (?, ?)", (email, json.dumps(state)))

    def load(self, email):
        row = self.db.execute("SELECT state FROM lead WHERE email = ?", (email,)).fetchone()
        return row and json.loads(row[0])

    def effects(self, event_id):
        with self.lock:
            return self.db.execute("SELECT count(*) FROM event WHERE id = ?", (event_id,)).fetchone()[0]

    def lead(self, email):
        with self.lock:
            state = self.load(email)
            counts = dict(self.db.execute("SELECT type, count(*) FROM event GROUP BY type"))
        if state is None:
            return None
        del state["at"]
        sent = counts.get("email.sent", 0)
        state["rates"] = {"bounce_rate": min(1, counts.get("email.bounced", 0) / sent) if sent else None}
        return state


def change(state, event):
    data = event["data"]
    match event["event"]:
        case "email.opened":
            count = data.get("open_count")
            if isinstance(count, (int, float)):
                state["open_count"] = max(state["open_count"], count)
        case "email.replied":
            at = datetime.fromisoformat(event["timestamp"]).timestamp()
            if at >= state["at"]:
                state.update(at=at, sentiment=data.get("reply_sentiment"))
        case "email.bounced":
            state["suppressed"] |= data.get("bounce_type") == "hard"
        case "email.unsubscribed":
            state["unsubscribed"] = True
            state["suppressed"] |= data.get("suppressed_globally") is True


class Connection:
    """Requests of one connection, one after the other."""

    def __init__(self, client, answer):
        self.client = client
        self.stream = client.makefile("rb")
        self.answer = answer

    def serve(self):
        with self.client, self.stream:
            while self.serve_one():
                pass

    def serve_one(self):
        line = self.stream.readline().split()
        if len(line) != 3:
            return False
        headers = self.headers()
        if headers.get("expect", "").lower() == "100-continue":
            self.client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        content = self.content(headers)
        body = io.TextIOWrapper(io.BytesIO(content), "utf-8", "surrogateescape").read()
        status, value = self.answer(line[0].decode("latin-1"), line[1].decode("latin-1"), headers, body)
        closing = headers.get("connection", "").lower() == "close" or line[2] == b"HTTP/1.0"
        self.send(status, value, closing)
        return not closing

    def headers(self):
        headers = {}
        while line := self.stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    def content(self, headers):
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.stream.read(int(headers.get("content-length", "0")))
        content = b""
        while size := int(self.stream.readline().split(b";")[0], 16):
            content += self.stream.read(size)
            self.stream.readline()
        while self.stream.readline().strip():
            pass
        return content

    def send(self, status, value, closing):
        content = json.dumps(value).encode()
        head = [
            f"HTTP/1.1 {status} {REASONS[status]}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            f"Connection: {'close' if closing else 'keep-alive'}",
        ]
        self.client.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + content)


def is_signed(body, signature):
    key = os.environ["SENDEMALL_SECRET"].encode()
    digest = hmac.new(key, body.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={digest}".encode(), signature.encode("latin-1"))


def parse(body):
    event = json.loads(body)
    if not isinstance(event, dict):
        return None
    members = [event.get(name) for name in ("id", "event", "timestamp")]
    if not all(isinstance(member, str) for member in members) or not isinstance(event.get("data"), dict):
        return None
    datetime.fromisoformat(event["timestamp"])
    json.dumps(event, ensure_ascii=False).encode("utf-8")
    return event


def webhook(method, path, headers, body):
    if path.partition("?")[0] != WEBHOOK:
        return 404, {"error": "unknown path"}
    if method != "POST":
        return 405, {"error": "only POST"}
    if not is_signed(body, headers.get("x-sendemall-signature", "")):
        return 401, {"error": "wrong signature"}
    try:
        event = parse(body)
    except (ValueError, RecursionError):
        event = None
    if event is None:
        return 400, {"error": "not an event"}
    if event["event"].split(".")[0] in ("email", "campaign"):
        try:
            store.add(event)
        except RuntimeError:
            return 503, {"error": "later"}
    return 200, {"received": True}


def hooks(method, path, headers, body):
    _, kind, key = (path.split("/", 2) + [""])[:3]
    if kind == "effects":
        return 200, {"count": store.effects(unquote(key))}
    if kind == "leads":
        state = store.lead(unquote(key))
        return (404 if state is None else 200), state
    store.failing = json.loads(body)["fail"]
    return 200, {}


def run(client, answer):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        Connection(client, answer).serve()
    except (OSError, ValueError):
        client.close()


def listen(variable, answer):
    server = socket.create_server(("127.0.0.1", int(os.environ[variable])), backlog=256)

    def accept():
        while True:
            client, _ = server.accept()
            threading.Thread(target=run, args=(client, answer), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


store = Store(os.environ["DATABASE"])
listen("HOOKS_PORT", hooks)
listen("PORT", webhook)
sys.stdin.read()
os._exit(0)
