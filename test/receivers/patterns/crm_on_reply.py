"""Update the CRM on a reply, and tell the sales rep of a positive one.

The work is done before the answer: when the CRM is down the answer is 503, and the provider sends the event again.
So the calls must bear repeating: the contact is put, not posted, and the message has the event's id as its key.
"""
import os
from urllib.parse import quote

from webhook import send, serve


def handle(event):
    if event["event"] != "email.replied":
        return
    data = event["data"]
    email = data["lead_email"]
    send("PUT", f"{os.environ['CRM_URL']}/contacts/{quote(email, safe='')}", {
        "event_id": event["id"],
        "email": email,
        "status": "replied",
        "sentiment": data["reply_sentiment"],
        "last_activity": event["timestamp"],
    })
    if data["reply_sentiment"] == "positive":
        text = f"Positive reply from {data['lead_name']} at {data['lead_company']}: {data['reply_preview']}"
        send(
            "POST",
            f"{os.environ['SLACK_URL']}/messages",
            {"event_id": event["id"], "channel": "#sales-replies", "text": text},
            {"Idempotency-Key": event["id"]},
        )


serve(handle)
