"""One stream for each session, open to everybody, in front of Django."""
# ruff: noqa: E402  Django is set up before applications are imported

import os
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alone.settings")

from django.core.asgi import get_asgi_application

django_application: Any = get_asgi_application()

from realtime import groups
from realtime.groups import Channel
from realtime.serving.routes import StreamRoute, Streams
from realtime.stream.request import StreamRequest


def authorise(requests: Sequence[StreamRequest]) -> list[tuple[Channel, ...]]:
    return [(groups.session(request.kwargs["name"]),) for request in requests]


application = Streams([("events/<str:name>", StreamRoute(authorise))], django_application)
