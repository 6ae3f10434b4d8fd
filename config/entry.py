"""Checks before a request is routed, for what Django does not check: streams, static files, WebSockets."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def has_allowed_host(scope: Mapping[str, Any]) -> bool:
    """Whether the request names one of ALLOWED_HOSTS, as Django's `get_host` finds it.

    Without this check a page of another site whose name is made to resolve to this address could read streams.
    """
    shown = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if not shown and scope.get("server"):
        shown = [scope["server"][0]]  # HTTP/1.0 names no host
    domain, _ = split_domain_port(",".join(shown))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


async def refuse_websocket(receive: Receive, send: Send) -> None:
    """There are none here; the server answers the handshake with 403."""
    await receive()
    await send({"type": "websocket.close"})
