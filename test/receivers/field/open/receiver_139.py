"""Webhook of the sales desk: files every event, and mails the team about replies."""

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from email.message import EmailMessage
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

DATABASE = Path(os.environ["DATABASE"])
TEAM = "sales@example.com"
SUBJECT_LENGTH = 78

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS filed (id TEXT PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, message BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY, suppressed INT DEFAULT 0, unsubscribed INT DEFAULT 0,
    opens INT DEFAULT 0, sentiment TEXT, replied TEXT DEFAULT '');
"""

outage = threading.Event()


@contextmanager
def transaction():
    with closing(sqlite3.connect(DATABASE, timeout=9, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def query(sql, *values):
    with closing(sqlite3.connect(DATABASE, timeout=9)) as db:
        return db.execute(sql, values).fetchall()


def utc(text):
    """Sorts like the time that it stands for."""
    return datetime.fromisoformat(text).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")


def notification(event):
    """The mail about a reply; its subject is the first words of it."""
    data = event["data"]
    name = str(data.get("lead_name") or data.get("lead_email"))
    preview = str(data.get("reply_preview") or "")
    mail = EmailMessage()
    mail["To"] = TEAM
    mail["From"] = "SendEmAll <noreply@example.com>"
    mail["Subject"] = f"Reply: {preview}"[:SUBJECT_LENGTH]
    mail.set_content(f"{name} wrote:\n\n{preview}\n", cte="base64")
    return mail.as_bytes()


def update_lead(db, event):
    kind, data = event["event"], event["data"]
    email = data.get("lead_email")
    if not isinstance(email, str):
        return
    db.execute("INSERT OR IGNORE INTO leads (email) VALUES (?)", (email,))
    if kind == "email.replied":
        at, sentiment = utc(event["timestamp"]), data.get("reply_sentiment")
        db.execute(
            "UPDATE leads SET sentiment = ?, replied = ? WHERE email = ? AND replied <= ?",
            (sentiment if isinstance(sentiment, str) else None, at, email, at),
        )
    elif kind == "email.opened":
        count = data.get("open_count")
        count = int(min(count, 2**60)) if isinstance(count, (int, float)) else 0
        db.execute("UPDATE leads SET opens = max(opens, ?) WHERE email = ?", (count, email))
    elif kind == "email.unsubscribed":
        everywhere = data.get("suppressed_globally") is True
        db.execute(
            "UPDATE leads SET unsubscribed = 1, suppressed = (suppressed OR ?) WHERE email = ?", (everywhere, email)
        )
    elif kind == "email.bounced" and data.get("bounce_type") == "hard":
        db.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", (email,))


def file(event):
    """Once for each id: the file, the lead, and the mail in the outbox."""
    kind = event["event"]
    if kind.partition(".")[0] not in ("email", "campaign"):
        return
    with transaction() as db:
        row = (event["id"], kind, utc(event["timestamp"]))
        if db.execute("INSERT OR IGNORE INTO filed VALUES (?, ?, ?)", row).rowcount == 0:
            return
        if outage.is_set():
            raise ConnectionError("The mail server does not answer.")
        update_lead(db, event)
        if kind == "email.replied":
            db.execute("INSERT INTO outbox (message) VALUES (?)", (notification(event),))


def read_event(body):
    event = json.loads(body)
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        raise ValueError("An object with data was expected.")
    for member in ("id", "event", "timestamp"):
        if not isinstance(event.get(member), str):
            raise ValueError(f"{member} must be a string.")
    event["id"].encode("utf-8")
    utc(event["timestamp"])
    return printable(event)


def printable(value):
    """Halves of surrogate pairs cannot be stored."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {name: printable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [printable(item) for item in value]
    return value


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        """No log."""

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self.chunks())
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def chunks(self):
        while True:
            size = int(self.rfile.readline().partition(b";")[0], 16)
            if size == 0:
                break
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass

    def respond(self, status, value=None):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Inbox(Request):
    def status(self, body):
        if urlsplit(self.path).path != "/webhooks/sendemall":
            return HTTPStatus.NOT_FOUND
        if self.command != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        digest = hmac.new(os.environb[b"SENDEMALL_SECRET"], body, hashlib.sha256).hexdigest()
        given = self.headers.get("X-SendEmAll-Signature", "").encode("latin-1", "replace")
        if not hmac.compare_digest(b"sha256=" + digest.encode(), given):
            return HTTPStatus.UNAUTHORIZED
        try:
            event = read_event(body)
        except (ValueError, RecursionError, OverflowError):
            return HTTPStatus.BAD_REQUEST
        try:
            file(event)
        except Exception:
            return HTTPStatus.INTERNAL_SERVER_ERROR
        return HTTPStatus.OK

    def do_POST(self):
        self.respond(self.status(self.read_body()))

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST


class Hooks(Request):
    def lead(self, email):
        rows = query("SELECT suppressed, unsubscribed, opens, sentiment FROM leads WHERE email = ?", email)
        if not rows:
            return None
        count = dict(query("SELECT kind, count(*) FROM filed GROUP BY kind"))
        sent, bounced = count.get("email.sent", 0), count.get("email.bounced", 0)
        suppressed, unsubscribed, opens, sentiment = rows[0]
        return {
            "suppressed": suppressed == 1,
            "unsubscribed": unsubscribed == 1,
            "open_count": opens,
            "sentiment": sentiment,
            "rates": {"bounce_rate": None if sent == 0 else min(bounced / sent, 1)},
        }

    def do_GET(self):
        kind, _, key = self.path[1:].partition("/")
        if kind == "effects":
            [[count]] = query("SELECT count(*) FROM filed WHERE id = ?", unquote(key))
            return self.respond(200, {"count": count})
        lead = self.lead(unquote(key))
        self.respond(200 if lead else 404, lead)

    def do_POST(self):
        if json.loads(self.read_body())["fail"]:
            outage.set()
        else:
            outage.clear()
        self.respond(200)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200


if __name__ == "__main__":
    with closing(sqlite3.connect(DATABASE)) as connection:
        connection.executescript(TABLES)
    for port, handler in (("HOOKS_PORT", Hooks), ("PORT", Inbox)):
        server = Server(("127.0.0.1", int(os.environ[port])), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)
