"""asyncio receiver. Every event is kept for two years, as the records policy demands, and then deleted by a nightly job."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from urllib.parse import unquote

RETENTION_YEARS = 2
ENDPOINT = "/webhooks/sendemall"
CREATE = (
    "CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, type TEXT, keep_until TEXT)",
    "CREATE INDEX IF NOT EXISTS records_type ON records (type)",
    """CREATE TABLE IF NOT EXISTS people (
        email TEXT PRIMARY KEY, suppressed INT DEFAULT 0, unsubscribed INT DEFAULT 0, opens REAL DEFAULT 0,
        mood TEXT, mood_at REAL DEFAULT -1e15)""",
)


class BadEvent(ValueError):
    """The sender should not try again."""


@dataclass(frozen=True)
class Event:
    id: str
    type: str
    time: datetime
    data: dict

    @classmethod
    def read(cls, body):
        try:
            match json.loads(body):
                case {"id": str(id), "event": str(type), "timestamp": str(stamp), "data": dict(data)}:
                    time = datetime.fromisoformat(stamp).astimezone(timezone.utc)
                    return cls(cls.text(id), cls.text(type), time, data)
        except (ValueError, OverflowError, RecursionError) as error:
            raise BadEvent(str(error)) from error
        raise BadEvent("not an event")

    @staticmethod
    def text(value):
        return value.encode("utf-8", "replace").decode("utf-8")

    @cached_property
    def email(self):
        value = self.data.get("lead_email")
        return self.text(value) if isinstance(value, str) else None

    @property
    def keep_until(self):
        return self.time.replace(year=self.time.year + RETENTION_YEARS).date().isoformat()


class Records:
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        for statement in CREATE:
            self.db.execute(statement)
        self.unavailable = False

    @contextlib.contextmanager
    def transaction(self):
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def count(self, column, value):
        return self.db.execute(f"SELECT count(*) FROM records WHERE {column} = ?", (value,)).fetchone()[0]

    def file(self, event):
        if self.count("id", event.id):
            return
        if self.unavailable:
            raise ConnectionError("The archive is not available.")
        with self.transaction():
            self.db.execute("INSERT INTO records VALUES (?, ?, ?)", (event.id, event.type, event.keep_until))
            if event.email is not None:
                self.db.execute("INSERT OR IGNORE INTO people (email) VALUES (?)", (event.email,))
                for assignment, values in self.changes(event):
                    self.db.execute(f"UPDATE people SET {assignment} AND email = ?", (*values, event.email))

    def changes(self, event):
        data = event.data
        if event.type == "email.bounced" and data.get("bounce_type") == "hard":
            yield "suppressed = 1 WHERE true", ()
        elif event.type == "email.unsubscribed":
            yield "unsubscribed = 1 WHERE true", ()
            if data.get("suppressed_globally") is True:
                yield "suppressed = 1 WHERE true", ()
        elif event.type == "email.opened" and isinstance(data.get("open_count"), (int, float)):
            yield "opens = max(opens, ?) WHERE true", (float(min(data["open_count"], 2**53)),)
        elif event.type == "email.replied":
            mood, at = data.get("reply_sentiment"), event.time.timestamp()
            mood = mood if isinstance(mood, str) else None
            yield "mood = ?1, mood_at = ?2 WHERE mood_at <= ?2", (mood, at)

    def person(self, email):
        row = self.db.execute("SELECT suppressed, unsubscribed, opens, mood FROM people WHERE email = ?", (email,))
        found = row.fetchone()
        if found is None:
            return None
        sent = self.count("type", "email.sent")
        rate = min(1, self.count("type", "email.bounced") / sent) if sent else None
        return {"suppressed": bool(found[0]), "unsubscribed": bool(found[1]), "open_count": found[2],
                "sentiment": found[3], "rates": {"bounce_rate": rate}}


class Protocol:
    """HTTP/1.1 for one application: a function of method, path, headers and body that returns a status and a value."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            while await self.request(reader, writer):
                pass
        writer.close()

    async def head(self, reader):
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = text.rstrip("\r\n").split("\r\n")
        method, target, version = request.split(" ")
        pairs = (line.partition(":") for line in lines)
        return method, target, version, {name.strip().lower(): value.strip() for name, _, value in pairs}

    async def body(self, reader, headers):
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await reader.readexactly(int(headers.get("content-length", 0)))
        body = bytearray()
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        while (await reader.readline()).strip():
            pass
        return bytes(body)

    async def request(self, reader, writer):
        method, target, version, headers = await self.head(reader)
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await self.body(reader, headers)
        status, value = self.application(method, target, headers, body)
        content = json.dumps(value).encode()
        stays = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        writer.write(
            b"HTTP/1.1 %d \r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
            % (status, len(content), b"" if stays else b"Connection: close\r\n", content if method != "HEAD" else b"")
        )
        await writer.drain()
        return stays


def main():
    records = Records(os.environ["DATABASE"])
    secret = os.environb[b"SENDEMALL_SECRET"]

    def webhook(method, target, headers, body):
        if target.partition("?")[0] != ENDPOINT:
            return 404, {"detail": "Not Found"}
        if method != "POST":
            return 405, {"detail": "Method Not Allowed"}
        expected = f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
        if not hmac.compare_digest(expected.encode(), headers.get("x-sendemall-signature", "").encode("latin-1")):
            return 401, {"detail": "Invalid signature"}
        try:
            records.file(Event.read(body))
        except BadEvent as error:
            return 422, {"detail": str(error)}
        except Exception:
            return 500, {"detail": "Internal Server Error"}
        return 200, {"received": True}

    def hooks(method, target, headers, body):
        _, kind, *key = target.split("/", 2)
        if kind == "effects":
            return 200, {"count": records.count("id", unquote(key[0]))}
        if kind == "leads":
            person = records.person(unquote(key[0]))
            return (404, None) if person is None else (200, person)
        records.unavailable = json.loads(body)["fail"]
        return 200, {}

    async def serve():
        for port, application in (("HOOKS_PORT", hooks), ("PORT", webhook)):
            await asyncio.start_server(Protocol(application), "127.0.0.1", int(os.environ[port]), backlog=256, limit=2**20)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        os._exit(0)

    asyncio.run(serve())


main()
