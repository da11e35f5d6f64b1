"""Alert Slack when a reply sounds like a meeting."""
import os

from webhook import send, serve

KEYWORDS = ["calendar", "schedule", "thursday", "friday", "next week", "available", "let's talk"]


def handle(event):
    if event["event"] != "email.replied":
        return
    # People's phones write a typographic apostrophe.
    preview = (event["data"].get("reply_preview") or "").lower().replace("\u2019", "'")
    if not any(keyword in preview for keyword in KEYWORDS):
        return
    text = f"Possible meeting request from {event['data']['lead_name']}. Check reply."
    send(
        "POST",
        f"{os.environ['SLACK_URL']}/messages",
        {"event_id": event["id"], "channel": "#meetings", "text": text},
        {"Idempotency-Key": event["id"]},
    )


serve(handle)
