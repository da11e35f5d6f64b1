"""Do the work once for each event, however often it is delivered, at the same time too.

An id is remembered when its work is done, not before: what has failed must be done when it comes again. In production,
keep the ids in a table with a unique key, in one transaction with the work: here a restart forgets them.
"""
import os
import threading

from webhook import send, serve

MOST_REMEMBERED = 100_000

# Ids of events whose work is done; the oldest first.
done = {}
# One event at a time. Whoever comes second waits for the first one's end: to answer 200 before it would promise too
# much.
lock = threading.Lock()


def process(event):
    send("POST", f"{os.environ['CRM_URL']}/activities", {
        "event_id": event["id"],
        "activity": event["event"],
        "email": event["data"].get("lead_email"),
    })


def handle(event):
    with lock:
        if event["id"] in done:
            return
        process(event)
        done[event["id"]] = True
        if len(done) > MOST_REMEMBERED:
            del done[next(iter(done))]


serve(handle)
