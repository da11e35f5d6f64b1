"""Answer at once and do the work afterwards.

After a 200 the provider never sends the event again, so the work is tried again here. The queue is bounded: when it is
full the answer is 503, and the provider keeps the event for us. In production, keep the queue on disk: here a restart
loses what was answered and is not done.
"""
import os
import sys
import threading
import time
from queue import Queue

from webhook import send, serve

TRIES = 5
FIRST_PAUSE_SECONDS = 0.05

event_queue = Queue(maxsize=10_000)


def process(event):
    send("POST", f"{os.environ['CRM_URL']}/activities", {
        "event_id": event["id"],
        "activity": event["event"],
        "email": event["data"].get("lead_email"),
    })


def process_with_retries(event):
    for tries in range(1, TRIES + 1):
        try:
            return process(event)
        except OSError as error:
            if tries == TRIES:
                print(f"{event['id']} is given up: {error}", file=sys.stderr)
            else:
                time.sleep(FIRST_PAUSE_SECONDS * 2**tries)


def worker():
    while True:
        process_with_retries(event_queue.get())


threading.Thread(target=worker, daemon=True).start()
# A full queue raises, and that is a 503.
serve(event_queue.put_nowait)
