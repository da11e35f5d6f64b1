"""Pause a campaign when more than 5 % of more than 20 emails bounce within an hour.

The rate is bounces by emails sent: to count every event, as the guide's lines do, lets opens and clicks hide a spike.
The hour goes by the events' own times. An event that comes twice counts once. In production, keep the figures in a
database: here a restart forgets them. Settings: those of webhook.py; API_URL, API_KEY, SLACK_URL.
"""
import sys
import threading
from datetime import datetime
from urllib.parse import quote

from webhook import send, serve, setting

API_URL, API_KEY, SLACK_URL = setting("API_URL"), setting("API_KEY"), setting("SLACK_URL")

MAX_RATE = 0.05
SAMPLE = 20
WINDOW_SECONDS = 3600

trackers = {}
# One event at a time: two that come together must not both pause.
lock = threading.Lock()


def tracker_of(campaign, at):
    known = trackers.get(campaign)
    if known is None or at - known["start"] > WINDOW_SECONDS:
        known = trackers[campaign] = {
            "start": at, "email.sent": set(), "email.bounced": set(), "paused": False,
        }
    return known


def handle(event):
    if event["event"] not in ("email.sent", "email.bounced"):
        return
    campaign = event["data"].get("campaign_id")
    if not isinstance(campaign, str):
        return
    at = datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).timestamp()
    with lock:
        tracker = tracker_of(campaign, at)
        tracker[event["event"]].add(event["id"])
        sent, bounced = len(tracker["email.sent"]), len(tracker["email.bounced"])
        rate = bounced / max(sent, 1)
        if tracker["paused"] or sent <= SAMPLE or rate <= MAX_RATE:
            return
        pause = f"{API_URL}/v1/campaigns/{quote(campaign, safe='')}/pause"
        send("POST", pause, {}, {"x-user-context": API_KEY})
        tracker["paused"] = True
    try:
        send("POST", f"{SLACK_URL}/messages", {
            "event_id": event["id"],
            "channel": "#alerts",
            "text": f"Campaign {campaign} paused: {rate:.1%} bounce rate",
        })
    except OSError as error:
        # A Slack that is down is no reason to pause again.
        print(f"no alert of {campaign}: {error}", file=sys.stderr)


serve(handle)
