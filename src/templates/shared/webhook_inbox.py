"""An inbox for SendEmAll's webhooks.

It verifies the signature over the raw bytes, keeps each event once, and hands it to your code after the response. What
is waiting survives a restart; what fails is tried again, later each time.
"""

import hashlib
import hmac
import json
import logging
import os
import sqlite3
import threading
import time

MAX_BYTES = 1_000_000
MAX_DELAY_SECONDS = 3600

# Whether the test hook is open: never in production.
HAS_TEST_HOOKS = os.environ.get("SENDEMALL_TEST_HOOKS") == "1"


def _setting(name):
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set. Set it in the environment.")
    return value


def _parse(body):
    """An event, or None: what is signed but no event can never be processed."""
    try:
        event = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    return event if isinstance(event.get("id"), str) and isinstance(event.get("event"), str) else None


class Inbox:
    """Settings: SENDEMALL_SECRET; WEBHOOK_DATABASE (webhooks.db)."""

    def __init__(self, handle_event):
        self._secret = _setting("SENDEMALL_SECRET").encode()
        self._handle_event = handle_event
        self._lock = threading.Lock()
        self._wake = threading.Event()
        file = os.environ.get("WEBHOOK_DATABASE", "webhooks.db")
        self._database = sqlite3.connect(file, timeout=5, check_same_thread=False, isolation_level=None)
        self._database.executescript(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS events (
              id TEXT PRIMARY KEY, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_at REAL,
              done INTEGER NOT NULL DEFAULT 0
            );
            CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE due_at IS NOT NULL;
            """
        )
        threading.Thread(target=self._work, daemon=True).start()

    def accept(self, body, signature):
        """Take one request.

        The status to respond with: 200 says that the event is safe; anything but 2xx makes the provider send it again.
        """
        if len(body) > MAX_BYTES:
            return 413
        digest = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        # As bytes: compare_digest refuses text beyond ASCII.
        given = (signature or "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(f"sha256={digest}".encode(), given):
            return 401
        event = _parse(body)
        if event is None:
            return 400
        self._execute(
            "INSERT INTO events (id, body, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            event["id"],
            json.dumps(event),
            time.time(),
        )
        self._wake.set()
        return 200

    def effects(self, event_id):
        """For tests: how often this event's work was done."""
        row = self._execute("SELECT done FROM events WHERE id = ?", event_id)
        return row[0] if row else 0

    def _execute(self, statement, *values):
        with self._lock:
            return self._database.execute(statement, values).fetchone()

    def _work(self):
        while True:
            self._wake.clear()
            row = self._execute(
                "SELECT id, body, tries, due_at FROM events WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1"
            )
            if row is None or row[3] > time.time():
                self._wake.wait(None if row is None else row[3] - time.time())
                continue
            event_id, body, tries, _ = row
            try:
                self._handle_event(json.loads(body))
            except Exception:  # pylint: disable=broad-except
                logging.exception("%s failed, and will be tried again", event_id)
                due_at = time.time() + min(2**tries, MAX_DELAY_SECONDS)
                self._execute("UPDATE events SET tries = tries + 1, due_at = ? WHERE id = ?", due_at, event_id)
            else:
                self._execute("UPDATE events SET due_at = NULL, done = done + 1 WHERE id = ?", event_id)
