"""The chatbot's streams. They are ASGI routes in front of Django (realtime/stream.py), not views."""

from chatbot.customers.access import authorise_streams
from chatbot.web.client_address import stream_address
from realtime.stream import StreamRequest, StreamRoute
from realtime.stream_limits import Key


def session_of(request: StreamRequest) -> Key:
    """A stream counts for its session, with whatever its reader shows to be the owner."""
    return "session", request.kwargs["name"]


STREAM_ROUTES = [
    ("api/sessions/<str:name>/events", StreamRoute(authorise_streams, address_of=stream_address, owner_of=session_of))
]
