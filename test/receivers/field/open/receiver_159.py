"""An asyncio server. All that it sends is compressed, as long as the client does not object."""

import asyncio
import gzip
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
from datetime import datetime
from urllib.parse import unquote

ENDPOINT = "/webhooks/sendemall"
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 500: "Error"}


class Store:
    def __init__(self, path):
        self.fails = False
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT, email TEXT);
            CREATE TABLE IF NOT EXISTS facts (
                email TEXT, name TEXT, value, at REAL, PRIMARY KEY (email, name)
            ) WITHOUT ROWID;
            """
        )

    def note(self, email, name, value, at=0.0):
        """Note a fact about a lead unless a later one is known."""
        self.db.execute(
            "INSERT INTO facts VALUES (?, ?, ?, ?) ON CONFLICT (email, name) DO UPDATE "
            "SET value = excluded.value, at = excluded.at WHERE excluded.at >= at",
            (email, name, value, at),
        )

    def take(self, event):
        self.db.execute("BEGIN IMMEDIATE")
        try:
            data = event["data"]
            email = data.get("lead_email") if isinstance(data.get("lead_email"), str) else None
            row = (event["id"], event["event"], email)
            if self.db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", row).rowcount:
                if self.fails:
                    raise OSError("the store fails")
                if email is not None:
                    self.learn(event["event"], email, moment(event["timestamp"]), data)
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise

    def learn(self, kind, email, at, data):
        if kind == "email.bounced" and data.get("bounce_type") == "hard":
            self.note(email, "suppressed", 1)
        if kind == "email.unsubscribed":
            self.note(email, "unsubscribed", 1)
            if data.get("suppressed_globally") is True:
                self.note(email, "suppressed", 1)
        if kind == "email.opened" and isinstance(data.get("open_count"), (int, float)):
            self.note(email, "opens", float(data["open_count"]), float(data["open_count"]))
        if kind == "email.replied":
            sentiment = data.get("reply_sentiment")
            self.note(email, "sentiment", sentiment if isinstance(sentiment, str) else None, at)

    def count(self, column, value):
        return self.db.execute(f"SELECT count(*) FROM events WHERE {column} = ?", (value,)).fetchone()[0]

    def state(self, email):
        if self.count("email", email) == 0:
            return None
        facts = dict(self.db.execute("SELECT name, value FROM facts WHERE email = ?", (email,)))
        sent = self.count("type", "email.sent")
        return {
            "suppressed": "suppressed" in facts,
            "unsubscribed": "unsubscribed" in facts,
            "open_count": int(facts.get("opens", 0)),
            "sentiment": facts.get("sentiment"),
            "rates": {"bounce_rate": min(1, self.count("type", "email.bounced") / sent) if sent else None},
        }


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def parse(body):
    """The event in a body, or None."""
    try:
        event = json.loads(body)
        texts = [event["id"], event["event"], event["timestamp"]]
        if not isinstance(event["data"], dict) or not all(isinstance(text, str) for text in texts):
            return None
        moment(event["timestamp"])
        for text in texts:
            text.encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return event


def webhook(store, method, path, headers, body):
    if path != ENDPOINT:
        return 404, {"error": "not found"}
    if method != "POST":
        return 405, {"error": "POST only"}
    digest = hmac.new(os.environ["SENDEMALL_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("x-sendemall-signature", "").encode()
    if not hmac.compare_digest(given, f"sha256={digest}".encode()):
        return 401, {"error": "invalid signature"}
    event = parse(body)
    if event is None:
        return 400, {"error": "not an event"}
    if event["event"].startswith(("email.", "campaign.")):
        try:
            store.take(event)
        except (OSError, sqlite3.Error):
            return 500, {"error": "try again later"}
    return 200, {"received": True}


def hook(store, method, path, headers, body):
    _, kind, key = (path + "/").split("/", 2)
    key = unquote(key.removesuffix("/"))
    if kind == "effects":
        return 200, {"count": store.count("id", key)}
    if kind == "leads":
        state = store.state(key)
        return (404 if state is None else 200), state
    store.fails = json.loads(body)["fail"]
    return 200, {}


def accepts_gzip(headers):
    """Without a preference of the client any coding is acceptable (RFC 9110, 12.5.3)."""
    codings = {}
    for part in headers.get("accept-encoding", "*").split(","):
        name, _, weight = part.partition(";q=")
        codings[name.strip().lower()] = weight.strip() not in ("0", "0.0", "0.00", "0.000")
    return codings.get("gzip", codings.get("*", False))


async def read_request(reader, writer):
    """Method, path, headers and body; None at the end of the connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return method, target.split("?")[0], headers, body


def response(status, value, method, headers):
    content = json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", "Content-Type: application/json", "Vary: Accept-Encoding"]
    if accepts_gzip(headers):
        content = gzip.compress(content)
        lines.append("Content-Encoding: gzip")
    lines.append(f"Content-Length: {len(content)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode() + (b"" if method == "HEAD" else content)


def serving(answer, store):
    async def serve(reader, writer):
        try:
            while True:
                method, path, headers, body = await read_request(reader, writer)
                writer.write(response(*answer(store, method, path, headers, body), method, headers))
                await writer.drain()
                if headers.get("connection", "").lower() == "close":
                    return
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return serve


async def main():
    store = Store(os.environ["DATABASE"])
    for variable, answer in (("HOOKS_PORT", hook), ("PORT", webhook)):
        await asyncio.start_server(serving(answer, store), "127.0.0.1", int(os.environ[variable]), backlog=256)
    await asyncio.Event().wait()


def leave():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=leave, daemon=True).start()
asyncio.run(main())
