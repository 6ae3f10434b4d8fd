"""The reference: stock django-eventstream as its documentation shows it, a Django view under daphne.

`daphne bench.stock:application` with the settings bench.stock_settings. GET /events/<channel>/ is the stream of a
channel, POST /publish sends its body to the channel "bench".
`python -m bench.stock <channels> <events>` makes the database of its storage, with so many channels and events in each.
"""

import sys
from typing import Any

import django_eventstream
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from bench.wire import EVENT_TYPE

CHANNEL = "bench"


async def publish(request: HttpRequest) -> HttpResponse:
    django_eventstream.send_event(CHANNEL, EVENT_TYPE, request.body.decode(), json_encode=False)
    return HttpResponse(status=202)


urlpatterns: list[Any] = [
    path("events/<channel>/", include("django_eventstream.urls")),
    path("publish", publish),
]
application = get_asgi_application()


def fill(channels: int, events: int) -> None:
    """Store these events as the storage itself does, whose first number stands for "before all"."""
    from django_eventstream.models import Event, EventCounter

    names = [f"stock-{number}" for number in range(channels)]
    EventCounter.objects.bulk_create(EventCounter(name=name, value=events) for name in names)
    data = '{"text": "missed"}'
    Event.objects.bulk_create(
        Event(channel=name, type=EVENT_TYPE, data=data, eid=number) for name in names for number in range(events + 1)
    )


if __name__ == "__main__":
    call_command("migrate", "--verbosity=0")
    fill(*map(int, sys.argv[1:]))
