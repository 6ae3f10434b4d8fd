"""One stream for each session, open to everybody, in front of Django."""
# ruff: noqa: E402  Django is set up before applications are imported

import os
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alone.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

django_application: Any = get_asgi_application()

from realtime import groups
from realtime.groups import Channel
from realtime.stream import StreamRequest, StreamRoute


def authorise(requests: Sequence[StreamRequest]) -> list[tuple[Channel, ...]]:
    return [(groups.session(request.kwargs["name"]),) for request in requests]


stream: Any = StreamRoute(authorise)  # django-stubs know views only
routes = [path("events/<str:name>", stream), re_path(r"", django_application)]
application = ProtocolTypeRouter({"http": URLRouter(routes)})
