"""Receives SendEmAll's webhooks. Setting: SENDEMALL_SECRET.

Add it to the urlpatterns of your project's urls.py: `path("", include("sendemall_webhooks"))`.
Serve it with an ASGI server, such as `uvicorn project.asgi:application`, or with gunicorn: the development server cannot
read chunked bodies.
"""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from webhook_inbox import HAS_TEST_HOOKS, Inbox


def handle_event(event):
    """Your work."""
    print(event["event"], (event.get("data") or {}).get("lead_email", ""), flush=True)


inbox = Inbox(handle_event)


# The provider has no CSRF token; the signature says who sends.
@csrf_exempt
@require_POST
def receive(request):
    try:
        # The raw bytes: a parsed body cannot be verified.
        body = request.body
    except RequestDataTooBig:
        return HttpResponse(status=413)
    return HttpResponse(status=inbox.accept(body, request.headers.get("X-SendEmAll-Signature")))


def effects(_request, event_id):
    return JsonResponse({"count": inbox.effects(event_id)})


urlpatterns = [path("webhooks/sendemall", receive)]
if HAS_TEST_HOOKS:
    urlpatterns.append(path("test/effects/<str:event_id>", effects))
