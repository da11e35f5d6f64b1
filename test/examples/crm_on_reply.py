"""Update the CRM on a reply, and tell the sales rep of a positive one.

The work is done before the answer: when the CRM is down the answer is 503, and the provider sends the event again.
So the calls must bear repeating: the contact is put, not posted, and the message has the event's id as its key.
Settings: those of webhook.py and event_store.py; CRM_URL, SLACK_URL.
"""
from urllib.parse import quote

from event_store import once
from webhook import send, serve, setting

CRM_URL = setting("CRM_URL")
SLACK_URL = setting("SLACK_URL")


def handle(event):
    if event["event"] != "email.replied":
        return
    # Everything but the address may be missing: what is not known is left out.
    data = event["data"]
    email = data.get("lead_email")
    if not isinstance(email, str):
        raise ValueError("the reply has no lead_email")
    sentiment = data.get("reply_sentiment")
    send("PUT", f"{CRM_URL}/contacts/{quote(email, safe='')}", {
        "event_id": event["id"],
        "email": email,
        "status": "replied",
        "sentiment": sentiment,
        "last_activity": event["timestamp"],
    })
    if sentiment != "positive":
        return
    company = data.get("lead_company")
    who = (data.get("lead_name") or email) + (f" at {company}" if company else "")
    text = f"Positive reply from {who}: {data.get('reply_preview') or '(no preview)'}"
    send(
        "POST",
        f"{SLACK_URL}/messages",
        {"event_id": event["id"], "channel": "#sales-replies", "text": text},
        {"Idempotency-Key": event["id"]},
    )


serve(once(handle))
