"""Once a day: process what the webhook failed to take, and acknowledge it.

A job for cron, which ends when it is through; its status is 1 when something is left for tomorrow. An event is
acknowledged after its work is done. When the job dies in between, the work is done again tomorrow; so it carries the
event's id as its key. What the webhook has done already is not done again: both share a database. Settings: those of
event_store.py; API_URL, API_KEY, WEBHOOK_ID, CRM_URL.
"""
import json
import sys
import time
import urllib.request
from urllib.error import HTTPError
from urllib.parse import quote

from event_store import once
from webhook import send, setting

API = f"{setting('API_URL')}/v1/webhooks/{setting('WEBHOOK_ID')}/failed-events"
KEY = {"x-user-context": setting("API_KEY")}
CRM_URL = setting("CRM_URL")


def call(method, url):
    """One call of the provider's API, which takes 60 a minute: when they are used up it says how long to wait."""
    while True:
        request = urllib.request.Request(url, headers=KEY, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            seconds = error.headers.get("Retry-After", "")
            if error.code != 429 or not seconds.isdigit():
                raise
        time.sleep(int(seconds))


def failed_events():
    events, query = [], "?limit=100"
    while query:
        page = call("GET", API + query)
        events += page["data"]
        cursor = page["meta"]["next_cursor"]
        query = f"?limit=100&cursor={quote(cursor)}" if cursor else None
    return events


def process(event):
    send(
        "POST",
        f"{CRM_URL}/activities",
        {
            "event_id": event["id"],
            "activity": event["event"],
            "email": event["data"].get("lead_email"),
        },
        {"Idempotency-Key": event["id"]},
    )


# All are listed before the first is acknowledged: to acknowledge one would shift the pages.
try:
    events = failed_events()
except OSError as error:
    sys.exit(f"No list of dead letters: {error}.")
process_once = once(process)
done = left = 0
for event in events:
    try:
        process_once(event)
        call("POST", f"{API}/{quote(event['id'], safe='')}/acknowledge")
        done += 1
    except OSError as error:
        # One that fails must not keep the others from being recovered.
        left += 1
        print(f"{event['id']} is left: {error}", file=sys.stderr)
print(f"{done} recovered, {left} left")
sys.exit(1 if left else 0)
