"""Which events are waiting and which are done, in a SQLite file.

It outlives a restart, and the webhook shares it with the daily recovery. Settings: DATABASE (webhook-events.db).
"""
import json
import sqlite3
import sys
import threading
import time

from webhook import setting

# A dead letter is not recovered after this long.
KEEP_DONE_SECONDS = 90 * 24 * 3600

lock = threading.Lock()


def connect(file):
    try:
        # Each statement is a transaction of its own, durable when it returns.
        database = sqlite3.connect(file, timeout=5, isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, body TEXT, tries INTEGER NOT NULL DEFAULT 0, "
            "due_at REAL, done_at REAL)"
        )
        database.execute("CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE due_at IS NOT NULL")
        return database
    except sqlite3.Error as error:
        sys.exit(f"Cannot open {file}: {error}. Set DATABASE to a file that can be written.")


database = connect(setting("DATABASE", "webhook-events.db"))


def execute(statement, *values):
    with lock:
        return database.execute(statement, values).fetchone()


execute("DELETE FROM events WHERE done_at < ?", time.time() - KEEP_DONE_SECONDS)


def is_done(event_id):
    return execute("SELECT 1 FROM events WHERE id = ? AND done_at IS NOT NULL", event_id) is not None


def mark_done(event_id):
    execute(
        "INSERT INTO events (id, done_at) VALUES (?1, ?2) "
        "ON CONFLICT DO UPDATE SET done_at = ?2, due_at = NULL, body = NULL",
        event_id, time.time(),
    )


def enqueue(event):
    """Adds an event to the queue, unless it is there or done already."""
    execute(
        "INSERT INTO events (id, body, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        event["id"], json.dumps(event), time.time(),
    )


def next_queued():
    """The queued event that is due first, how often it was tried, and when it is due; None when there is none."""
    row = execute("SELECT body, tries, due_at FROM events WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")
    return None if row is None else (json.loads(row[0]), row[1], row[2])


def postpone(event_id, seconds):
    execute("UPDATE events SET tries = tries + 1, due_at = ? WHERE id = ?", time.time() + seconds, event_id)


def waiting():
    return execute("SELECT count(*) FROM events WHERE due_at IS NOT NULL")[0]


def once(handle):
    """Wraps a handler so that it does each event's work once, however often the event is delivered.

    An event is marked when its work is done, not before: what has failed must be done when it comes again.
    """
    # Ids whose work is going on. A second delivery waits for the first one's end: to answer 200 before it would promise
    # too much.
    in_progress = set()
    changed = threading.Condition()

    def handle_once(event):
        event_id = event["id"]
        with changed:
            changed.wait_for(lambda: event_id not in in_progress)
            if is_done(event_id):
                return
            in_progress.add(event_id)
        try:
            handle(event)
            mark_done(event_id)
        finally:
            with changed:
                in_progress.discard(event_id)
                changed.notify_all()

    return handle_once
