"""A Django project with nothing but the template, for uvicorn: `uvicorn django_project:application`."""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import include, path

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
application = get_asgi_application()
urlpatterns = [path("", include("sendemall_webhooks"))]
