"""The workbench's streams. They are ASGI routes in front of Django (realtime/serving/routes.py), not views."""

from chatbot.web.client_address import stream_address
from realtime.serving.routes import StreamRoute
from realtime.stream.limits import Key
from realtime.stream.request import StreamRequest
from workbench.access.streams import authorise_agent_streams, authorise_session_streams, session_key


def login_of(request: StreamRequest) -> Key:
    """A stream counts for the login session that opened it, whatever it shows."""
    return "login", session_key(request)


STREAM_ROUTES = [
    ("api/agent/events", StreamRoute(authorise_agent_streams, address_of=stream_address, owner_of=login_of)),
    (
        "api/sessions/<str:name>/events",
        StreamRoute(authorise_session_streams, address_of=stream_address, owner_of=login_of),
    ),
]
