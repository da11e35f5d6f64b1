import json
import os
from urllib.request import Request, urlopen

from models import CreateWebhookRequest, FailedEmailReplied, FailedEventListResponse, WebhookResponse


def call(method, path, body=None):
    headers = {"x-user-context": os.environ["API_KEY"], "content-type": "application/json"}
    data = None if body is None else body.encode()
    return urlopen(Request(os.environ["SANDBOX_URL"] + path, data, headers, method=method)).read()


request = CreateWebhookRequest(url="http://127.0.0.1:9/", events=["*"], secret="whsec_generated")
webhook = WebhookResponse.model_validate_json(call("POST", "/v1/webhooks", request.model_dump_json())).data
call("POST", "/_sandbox/events", '{"event": "email.replied", "data": {"reply_sentiment": "positive"}}')
call("POST", "/_sandbox/clock/advance", '{"until": "settled"}')
listed = call("GET", f"/v1/webhooks/{webhook.id.root}/failed-events")
for item in FailedEventListResponse.model_validate_json(listed).data:
    event = item.root
    if isinstance(event, FailedEmailReplied):
        seen = {"event": event.event, "sentiment": event.data.reply_sentiment.value, "attempts": event.failure.attempts}
        print(json.dumps(seen, separators=(",", ":")))
