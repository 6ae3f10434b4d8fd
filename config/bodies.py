"""Reading a request's body in bounded time and space under any server.

`manage.py serve` hands over whole bodies (realtime/serving/daphne_connection.py); uvicorn and plain daphne have no
limit of their own.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]

BODY_SECONDS = 60.0


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The body; of one that is too large as much as shows that, or nothing if its header says so.

    Raises TimeoutError if it is not whole within BODY_SECONDS, RequestAborted if the client goes away before that.
    """
    if declared_length(scope) > settings.MAX_BODY_BYTES:
        return b""
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        while len(body) <= settings.MAX_BODY_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
    return bytes(body[: settings.MAX_BODY_BYTES + 1])


def large_body_limit(scope: Scope) -> int | None:
    """How many bytes a body may have that is read as it comes; None for all others, with MAX_BODY_BYTES."""
    if scope["method"] == "POST":
        for address, limit in settings.REALTIME_LARGE_BODIES.items():
            if re.fullmatch(address, scope["path"]):
                return int(limit)
    return None


def is_too_large(scope: Scope, body: bytes) -> bool:
    """Whether there is more of the body than may be read."""
    return max(declared_length(scope), len(body)) > settings.MAX_BODY_BYTES


def declared_length(scope: Scope) -> int:
    """Content-Length; 0 without one, or with one that is no number."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def with_body(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the whole body at once, and then the messages that follow."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_next() -> Mapping[str, Any]:
        return messages.pop() if messages else await receive()

    return receive_next
