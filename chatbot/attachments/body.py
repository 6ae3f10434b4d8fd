"""The body of an upload, as it comes: it is never whole in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from django.core.exceptions import RequestAborted
from django.http import HttpRequest

from chatbot.conversations.errors import FileTooLarge

UPLOAD_SECONDS = 600.0
READ_BYTES = 64 * 1024


class BodyStream:
    """Reads a body from an ASGI server. A caller that stops before its end must close the connection."""

    def __init__(
        self, receive: Callable[[], Awaitable[Mapping[str, Any]]], *, declared_bytes: int, limit_bytes: int
    ) -> None:
        self.is_exhausted = False
        self._receive = receive
        self._declared_bytes = declared_bytes
        self._limit_bytes = limit_bytes

    async def blocks(self) -> AsyncIterator[bytes]:
        """Raises FileTooLarge, before a byte is read where the header says so; TimeoutError; RequestAborted."""
        if self._declared_bytes > self._limit_bytes:
            raise FileTooLarge
        size = 0
        deadline = asyncio.get_running_loop().time() + UPLOAD_SECONDS
        while not self.is_exhausted:
            async with asyncio.timeout_at(deadline):
                message = await self._receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            block: bytes = message.get("body", b"")
            self.is_exhausted = not message.get("more_body", False)
            size += len(block)
            if size > self._limit_bytes:
                raise FileTooLarge
            yield block


async def blocks_of(request: HttpRequest) -> AsyncIterator[bytes]:
    """The body of a request: streamed, or, from a handler that has read it, whole."""
    stream: BodyStream | None = getattr(request, "body_stream", None)
    if stream is not None:
        async for block in stream.blocks():
            yield block
        return
    while block := request.read(READ_BYTES):
        yield block
