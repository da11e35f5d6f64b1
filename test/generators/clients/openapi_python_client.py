import json
import os

from api import Client
from api.api.failed_events import list_failed_events
from api.api.webhooks import create_webhook
from api.models import CreateWebhookRequest, FailedEmailReplied, Subscription
from sandbox import Client as SandboxClient
from sandbox.api.clock import advance_clock
from sandbox.api.events import trigger_events
from sandbox.models import AdvanceUntil, AdvanceUntilUntil, EventName, TriggerRequest, TriggerRequestData

options = {"base_url": os.environ["SANDBOX_URL"], "headers": {"x-user-context": os.environ["API_KEY"]}}
client, sandbox = Client(**options), SandboxClient(**options)

body = CreateWebhookRequest(url="http://127.0.0.1:9/", events=[Subscription.VALUE_8], secret="whsec_generated")
webhook = create_webhook.sync(client=client, body=body).data
data = TriggerRequestData.from_dict({"reply_sentiment": "positive"})
trigger_events.sync(client=sandbox, body=TriggerRequest(event=EventName.EMAIL_REPLIED, data=data))
advance_clock.sync(client=sandbox, body=AdvanceUntil(until=AdvanceUntilUntil.SETTLED))
for event in list_failed_events.sync(webhook.id, client=client).data:
    if isinstance(event, FailedEmailReplied):
        seen = {"event": event.event, "sentiment": event.data.reply_sentiment, "attempts": event.failure.attempts}
        print(json.dumps(seen, separators=(",", ":")))
