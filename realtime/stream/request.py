"""A request for a stream, and the refusal of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError
from typing import Any
from urllib.parse import parse_qs

from django.http import parse_cookie

from realtime.groups import Channel
from realtime.stream.position import MalformedPosition, decode_position

READ_RIGHTS_HEADERS = ("authorization",)
NO_RIGHTS = ("lastEventId", "pulse")  # of a query: what says nothing of which stream is wanted
NOTHING: Mapping[str, Any] = {}  # one for all streams


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """Who asks for which stream: kept while it is open, since its rights are checked again and again."""

    kwargs: Mapping[str, str]
    cookies: Mapping[str, str]
    headers: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    wants_pulse: bool = False  # keep-alives as events, which a page's script can see, and not as comments


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a stream is not for this client."""

    status: int
    code: str
    message: str


# Runs on a database thread with all requests at once, when streams open and every second while they are open.
Authorise = Callable[[Sequence[StreamRequest]], Sequence[Refusal | tuple[Channel, ...]]]


def read_request(scope: Mapping[str, Any], kwargs: Mapping[str, str]) -> StreamRequest:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    try:
        cookies = parse_cookie(headers.get(b"cookie", ""))
    except CookieError:
        cookies = {}
    query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=None)
    return StreamRequest(
        kwargs=kwargs,
        cookies=cookies or NOTHING,
        headers={name: headers[name.encode()] for name in READ_RIGHTS_HEADERS if name.encode() in headers},
        query={name: values for name, values in query.items() if name not in NO_RIGHTS} or NOTHING,
        wants_pulse="pulse" in query,
    )


def last_event_id(scope: Mapping[str, Any]) -> str:
    """`Last-Event-ID`, else the last non-empty `?lastEventId=`."""
    for name, value in scope["headers"]:
        if name == b"last-event-id" and value:
            return str(value.decode("latin-1"))
    values: list[str] = parse_qs(scope["query_string"].decode("latin-1")).get("lastEventId", [""])
    return values[-1]


def wanted_position(text: str, channels: Sequence[Channel]) -> dict[str, int | None]:
    """{channel: number the client has, None for live from now, -1 for one that is answered with a reset}.

    -1 is before every log. A channel that the client's position does not name is one whose history it cannot know.
    """
    if not text:
        return dict.fromkeys(channels, None)
    try:
        known = decode_position(text, channels)
    except MalformedPosition:
        known = {}
    return {channel: known.get(channel, -1) for channel in channels}
