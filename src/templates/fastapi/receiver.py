"""Receives SendEmAll's webhooks. Setting: SENDEMALL_SECRET.

Start it with `uvicorn receiver:app --port 8000`.
"""

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from webhook_inbox import HAS_TEST_HOOKS, MAX_BYTES, Inbox


def handle_event(event):
    """Your work."""
    print(event["event"], (event.get("data") or {}).get("lead_email", ""), flush=True)


inbox = Inbox(handle_event)
app = FastAPI()


async def read_body(request):
    """The raw bytes: a parsed body cannot be verified."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise HTTPException(413)
    return bytes(body)


@app.post("/webhooks/sendemall")
async def receive(request: Request):
    body = await read_body(request)
    signature = request.headers.get("X-SendEmAll-Signature")
    return Response(status_code=await run_in_threadpool(inbox.accept, body, signature))


if HAS_TEST_HOOKS:

    @app.get("/test/effects/{event_id}")
    def effects(event_id: str):
        return {"count": inbox.effects(event_id)}
