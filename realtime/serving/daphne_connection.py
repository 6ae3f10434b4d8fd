"""A client's connection to daphne, bounded in time and size.

Twisted ends a connection that sends nothing for a minute, but one byte a minute keeps it open for ever; and it stores a
body of any size before it calls the application.
"""
# mypy: allow-untyped-calls

import asyncio
import re
from io import BytesIO
from typing import Any

from daphne.http_protocol import HTTPFactory
from django.conf import settings
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http

# From a request's first byte to its last. What is written as an answer may take as long as it takes: a stream, days.
REQUEST_SECONDS = 60
LARGE_REQUEST_SECONDS = 600  # the same for a body that may be large
STALLED_SECONDS = 60  # without a byte taken of an answer that comes in parts
# How long the rest of a refused body is read and thrown away: closed before that, the connection would be reset, and
# many a client would not see the answer.
LINGER_SECONDS = 5
# They would let any client choose the path that the application believes to be mounted at, or leave HTTP.
DROPPED_HEADERS = (b"daphne-root-path", b"upgrade")


class Connection(http.HTTPChannel):
    """Of a body over its limit the application gets as much as shows that it is too large.

    The limit is DATA_UPLOAD_MAX_MEMORY_SIZE, or that of its address in REALTIME_LARGE_BODIES.

    Of one that declares its length that is nothing: the application sees the header. It answers as it always does, and
    then the connection ends.
    """

    _is_receiving = False
    _drops_body = False
    _is_lingering = False
    _limit: int | None = None
    _can_write: "asyncio.Future[None] | None" = None

    def resetTimeout(self) -> None:
        """Called for each piece of data: the first of a request begins its time, the others do not prolong it."""
        if not self._is_receiving:
            self._is_receiving = True
            super().resetTimeout()

    def allHeadersReceived(self) -> None:
        for name in DROPPED_HEADERS:
            self.requests[-1].requestHeaders.removeHeader(name)
        target: Any = self._path  # Twisted says that it is a request
        large = _large_body_limit(target)
        self._limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if large is None else large
        if large is not None:
            self.setTimeout(LARGE_REQUEST_SECONDS)
        if self.length is not None and self._is_too_large(self.length):
            self.requests[-1].requestHeaders.removeHeader(b"expect")  # the client shall not go on
            self.length = 0
            self._drops_body = True
        super().allHeadersReceived()
        self._end_after_answer()

    def rawDataReceived(self, data: bytes) -> None:
        if self._drops_body:
            return
        super().rawDataReceived(data)
        if not self._handlingRequest and self.requests and self._is_too_large(self.requests[-1].content.tell()):
            self._drops_body = True
            self._end_after_answer()
            self.allContentReceived()

    def allContentReceived(self) -> None:
        self._is_receiving = False
        if self.timeOut == LARGE_REQUEST_SECONDS:  # Twisted keeps it, for the time until the next request
            self.setTimeout(REQUEST_SECONDS)
        super().allContentReceived()

    def loseConnection(self) -> None:
        if self._drops_body and not self._is_lingering:
            self._is_lingering = True
            self.setTimeout(LINGER_SECONDS)
            self.transport.loseWriteConnection()  # type: ignore[union-attr]
        else:
            super().loseConnection()

    async def until_sent(self) -> None:
        """Wait while more is unsent than a buffer should hold; a client that takes nothing for long is cut off."""
        if not self._waitingForTransport:
            return
        self._can_write = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await self._can_write
        except TimeoutError:
            self.transport.abortConnection()  # type: ignore[union-attr]

    def resumeProducing(self) -> None:
        super().resumeProducing()
        self._let_write()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._waitingForTransport = False
        self._let_write()

    def _let_write(self) -> None:
        if self._can_write is not None and not self._can_write.done():
            self._can_write.set_result(None)

    def _is_too_large(self, size: int) -> bool:
        return self._limit is not None and size > self._limit

    def _end_after_answer(self) -> None:
        if self._drops_body:
            self.persistent = False
            self.requests[-1].responseHeaders.setRawHeaders(b"Connection", [b"close"])


def _large_body_limit(target: bytes) -> int | None:
    path = target.partition(b"?")[0].decode("latin-1")
    limits: dict[str, int] = getattr(settings, "REALTIME_LARGE_BODIES", {})
    return next((limit for address, limit in limits.items() if re.fullmatch(address, path)), None)


def take_stored_body(request: Any) -> Any:
    """The file in which Twisted has stored a body that it found too large for memory, or None.

    It is the caller's from here on: daphne, which would put all of it into the application's queue, gets an empty one.
    """
    if isinstance(request.content, BytesIO):
        return None
    body, request.content = request.content, BytesIO()
    return body


def bound_connections(factory: HTTPFactory) -> None:
    """Have the factory make such connections. Without Twisted's wrapper, which chooses between HTTP/1 and HTTP/2."""
    factory.timeOut = REQUEST_SECONDS
    factory.protocol = _make


def _make() -> Any:
    return Connection()
