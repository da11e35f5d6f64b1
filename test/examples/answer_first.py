"""Answer at once and do the work afterwards.

After a 200 the provider never sends the event again, so it is in a file before the answer, and its work is tried until it
succeeds, after a restart too. The queue is bounded: when it is full the answer is 503, and the provider keeps the event
for us. Settings: those of webhook.py and event_store.py; CRM_URL.
"""
import sys
import threading
import time

from event_store import enqueue, mark_done, next_queued, postpone, waiting
from webhook import send, serve, setting

MAX_QUEUED = 10_000
FIRST_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 1
CRM_URL = setting("CRM_URL")

added = threading.Event()


def process(event):
    activity = {
        "event_id": event["id"],
        "activity": event["event"],
        "email": event["data"].get("lead_email"),
    }
    send("POST", f"{CRM_URL}/activities", activity, {"Idempotency-Key": event["id"]})


def work():
    """Works on what is due, one event at a time; an event that fails does not hold up the others."""
    while True:
        added.clear()
        queued = next_queued()
        if queued is None or queued[2] > time.time():
            added.wait(None if queued is None else queued[2] - time.time())
            continue
        event, tries, _ = queued
        try:
            process(event)
            mark_done(event["id"])
        except OSError as error:
            print(f"{event['id']} will be tried again: {error}", file=sys.stderr)
            postpone(event["id"], min(FIRST_PAUSE_SECONDS * 2**min(tries, 10), MAX_PAUSE_SECONDS))


def handle(event):
    if waiting() >= MAX_QUEUED:
        raise RuntimeError("the queue is full")
    enqueue(event)
    added.set()


threading.Thread(target=work, daemon=True).start()
serve(handle)
