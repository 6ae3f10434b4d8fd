"""The reference: stock django-eventstream as its documentation shows it, a Django view under daphne.

`daphne bench.stock:application` with the settings bench.stock_settings. GET /events/ is the stream of one channel,
POST /publish sends its body to it.
"""

from typing import Any

import django_eventstream
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

CHANNEL = "bench"


async def publish(request: HttpRequest) -> HttpResponse:
    django_eventstream.send_event(CHANNEL, "bench_event", request.body.decode(), json_encode=False)
    return HttpResponse(status=202)


urlpatterns: list[Any] = [
    path("events/", include("django_eventstream.urls"), {"channels": [CHANNEL]}),
    path("publish", publish),
]
application = get_asgi_application()
