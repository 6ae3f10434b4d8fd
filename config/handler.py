"""Django's ASGI handler for API calls, without the thread and the two tasks that Django spends on each request.

API views do their database work through `realtime.database`, so that no request needs a thread of its own, nor the
signals that open and close one's database connection. A request whose client has gone away is finished all the same:
it may have been accepted. Pages (admin, login) use Django's own handler.
"""

from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.urls import set_script_prefix

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class ServiceHandler(ASGIHandler):
    """Django's own handler, answering from the URLconf of one service."""

    def __init__(self, urlconf: str) -> None:
        super().__init__()
        self.urlconf = urlconf

    def create_request(self, scope: Any, body_file: Any) -> Any:
        request, error = super().create_request(scope, body_file)
        if request is not None:
            request.urlconf = self.urlconf
        return request, error


class ApiHandler(ServiceHandler):
    """The lean path for calls whose views are async and use no thread of their own."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = await _read_limited(receive, settings.MAX_BODY_BYTES + 1)
        set_script_prefix(get_script_prefix(scope))
        request, error = self.create_request(scope, BytesIO(body))
        response = error if request is None else await self.get_response_async(request)
        await self.send_response(response, send)


async def _read_limited(receive: Receive, limit: int) -> bytes:
    """The body, or its first `limit` bytes: enough for the view to see that it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        if len(body) < limit:
            body += message.get("body", b"")[: limit - len(body)]
        if not message.get("more_body", False):
            return bytes(body)
