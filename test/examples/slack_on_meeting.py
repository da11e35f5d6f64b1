"""Alert Slack when a reply sounds like a meeting.

Settings: those of webhook.py and event_store.py; SLACK_URL.
"""
from event_store import once
from webhook import send, serve, setting

SLACK_URL = setting("SLACK_URL")

KEYWORDS = ["calendar", "schedule", "thursday", "friday", "next week", "available", "let's talk"]


def handle(event):
    if event["event"] != "email.replied":
        return
    # People's phones write a typographic apostrophe.
    data = event["data"]
    preview = str(data.get("reply_preview") or "").lower().replace("\u2019", "'")
    if not any(keyword in preview for keyword in KEYWORDS):
        return
    who = data.get("lead_name") or data.get("lead_email") or "a lead"
    text = f"Possible meeting request from {who}. Check reply."
    send(
        "POST",
        f"{SLACK_URL}/messages",
        {"event_id": event["id"], "channel": "#meetings", "text": text},
        {"Idempotency-Key": event["id"]},
    )


serve(once(handle))
