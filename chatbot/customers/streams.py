"""The chatbot's streams. They are ASGI routes in front of Django (realtime/serving/routes.py), not views."""

from chatbot.customers.access import authorise_streams
from chatbot.web.client_address import stream_address
from realtime.serving.routes import StreamRoute
from realtime.stream.limits import Key
from realtime.stream.request import StreamRequest


def session_of(request: StreamRequest) -> Key:
    """A stream counts for its session, with whatever its reader shows to be the owner."""
    return "session", request.kwargs["name"]


STREAM_ROUTES = [
    ("api/sessions/<str:name>/events", StreamRoute(authorise_streams, address_of=stream_address, owner_of=session_of))
]
