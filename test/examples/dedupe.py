"""Do the work once for each event, however often it is delivered.

At the same time, after a restart, and by the daily recovery too. Settings: those of webhook.py and event_store.py;
CRM_URL.
"""
from event_store import once
from webhook import send, serve, setting

CRM_URL = setting("CRM_URL")


def process(event):
    activity = {
        "event_id": event["id"],
        "activity": event["event"],
        "email": event["data"].get("lead_email"),
    }
    # A crash between the work and its mark repeats the work: the key lets the CRM know.
    send("POST", f"{CRM_URL}/activities", activity, {"Idempotency-Key": event["id"]})


serve(once(process))
