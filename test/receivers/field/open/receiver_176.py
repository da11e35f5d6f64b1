"""Takes the events of SendEmAll, one row for each in SQLite, and folds them into leads when somebody asks."""

import hmac
import json
import os
import re
import socketserver
import sqlite3
import sys
import threading
import urllib.parse
from datetime import datetime

SECRET = os.environ["SENDEMALL_SECRET"].encode()
ROUTE = "/webhooks/sendemall"
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
           411: "Length Required", 500: "Internal Server Error"}

lock = threading.Lock()
db = sqlite3.connect(os.environ["DATABASE"], check_same_thread=False, isolation_level=None)
db.executescript("""
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS event (
        n INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, at REAL, email TEXT, flag INT, amount REAL, word TEXT);
    CREATE INDEX IF NOT EXISTS event_email ON event (email);
    CREATE INDEX IF NOT EXISTS event_type ON event (type);
""")
broken = False


class Malformed(Exception):
    pass


def row_of(body):
    try:
        event = json.loads(body)
        data = event["data"]
        head = [event["id"], event["event"], event["timestamp"]]
        if not isinstance(data, dict) or not all(isinstance(text, str) for text in head):
            raise ValueError("not an event")
        at = datetime.fromisoformat(head[2]).timestamp()
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise Malformed(str(error)) from error
    kind = head[1]
    hard = kind == "email.bounced" and data.get("bounce_type") == "hard"
    everywhere = kind == "email.unsubscribed" and data.get("suppressed_globally") is True
    count = data.get("open_count") if kind == "email.opened" else None
    texts = [head[0], kind, data.get("lead_email"), data.get("reply_sentiment")]
    texts = [t.encode("utf-8", "replace").decode() if isinstance(t, str) else None for t in texts]
    number = float(min(count, 2**53)) if isinstance(count, (int, float)) else None
    return (texts[0], texts[1], at, texts[2], hard or everywhere, number, texts[3])


def store(row):
    with lock:
        if db.execute("SELECT 1 FROM event WHERE id = ?", row[:1]).fetchone():
            return
        if broken:
            raise RuntimeError("The database is read-only.")
        db.execute("INSERT INTO event (id, type, at, email, flag, amount, word) VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def lead(email):
    with lock:
        rows = db.execute("SELECT type, at, flag, amount, word FROM event WHERE email = ? ORDER BY at, n", (email,))
        rows = rows.fetchall()
        [sent] = db.execute("SELECT count(*) FROM event WHERE type = 'email.sent'").fetchone()
        [bounced] = db.execute("SELECT count(*) FROM event WHERE type = 'email.bounced'").fetchone()
    if not rows:
        return None
    replies = [word for kind, _, _, _, word in rows if kind == "email.replied"]
    return {
        "suppressed": any(flag for _, _, flag, _, _ in rows),
        "unsubscribed": any(kind == "email.unsubscribed" for kind, *_ in rows),
        "open_count": max(amount or 0 for _, _, _, amount, _ in rows),
        "sentiment": replies[-1] if replies else None,
        "rates": {"bounce_rate": min(1, bounced / sent) if sent else None},
    }


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while self.one():
                pass
        except (ConnectionError, ValueError):
            pass

    def headers(self):
        found = {}
        while line := self.rfile.readline(65537).strip():
            name, _, value = line.decode("latin-1").partition(":")
            found[name.strip().lower()] = value.strip()
        return found

    def body(self, headers):
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.exactly(int(headers.get("content-length") or 0))
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            if size == 0:
                return b"".join(parts)
            parts.append(self.exactly(size))
            self.rfile.readline()

    def exactly(self, size):
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError("broken off")
        return data

    def one(self):
        first = re.fullmatch(rb"([A-Z]+) (\S+) HTTP/1\.([01])\r?\n", self.rfile.readline(65537))
        if not first:
            return False
        headers = self.headers()
        body = self.body(headers)
        method, target, minor = (group.decode("latin-1") for group in first.groups())
        status, answer = self.server.application(method, target, headers, body)
        stays = minor == "1" and headers.get("connection", "").lower() != "close"
        content = json.dumps(answer).encode() if method != "HEAD" else b""
        self.wfile.write(
            f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\nConnection: {'keep-alive' if stays else 'close'}\r\n\r\n".encode() + content)
        return stays


def webhook(method, target, headers, body):
    if target.split("?")[0] != ROUTE:
        return 404, {"error": "not found"}
    if method != "POST":
        return 405, {"error": "use POST"}
    expected = "sha256=" + hmac.digest(SECRET, body, "sha256").hex()
    if not hmac.compare_digest(expected.encode(), headers.get("x-sendemall-signature", "").encode("latin-1")):
        return 401, {"error": "Invalid signature"}
    try:
        store(row_of(body))
    except Malformed as error:
        return 400, {"error": str(error)}
    except Exception as error:
        return 500, {"error": str(error)}
    return 200, {"received": True}


def hooks(method, target, headers, body):
    global broken
    kind, _, key = target[1:].partition("/")
    key = urllib.parse.unquote(key)
    if kind == "effects":
        with lock:
            [count] = db.execute("SELECT count(*) FROM event WHERE id = ?", (key,)).fetchone()
        return 200, {"count": count}
    if kind == "leads":
        found = lead(key)
        return (200 if found else 404), found
    broken = json.loads(body)["fail"]
    return 200, {}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256


for variable, application in (("HOOKS_PORT", hooks), ("PORT", webhook)):
    server = Server(("127.0.0.1", int(os.environ[variable])), Connection)
    server.application = application
    threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
