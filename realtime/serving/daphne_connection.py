"""A client's connection to daphne, bounded in time and size.

Twisted ends a connection that sends nothing for a minute, but one byte a minute keeps it open for ever; and it stores a
body of any size before it calls the application.
"""
# mypy: allow-untyped-calls

from typing import Any

from daphne.http_protocol import HTTPFactory
from django.conf import settings
from twisted.web import http

# From a request's first byte to its last. What is written as an answer may take as long as it takes: a stream, days.
REQUEST_SECONDS = 60
# How long the rest of a refused body is read and thrown away: closed before that, the connection would be reset, and
# many a client would not see the answer.
LINGER_SECONDS = 5
# They would let any client choose the path that the application believes to be mounted at, or leave HTTP.
DROPPED_HEADERS = (b"daphne-root-path", b"upgrade")


class Connection(http.HTTPChannel):
    """Of a body over DATA_UPLOAD_MAX_MEMORY_SIZE the application gets as much as shows that it is too large.

    Of one that declares its length that is nothing: the application sees the header. It answers as it always does, and
    then the connection ends.
    """

    _is_receiving = False
    _drops_body = False
    _is_lingering = False

    def resetTimeout(self) -> None:
        """Called for each piece of data: the first of a request begins its time, the others do not prolong it."""
        if not self._is_receiving:
            self._is_receiving = True
            super().resetTimeout()

    def allHeadersReceived(self) -> None:
        for name in DROPPED_HEADERS:
            self.requests[-1].requestHeaders.removeHeader(name)
        if self.length is not None and _is_too_large(self.length):
            self.requests[-1].requestHeaders.removeHeader(b"expect")  # the client shall not go on
            self.length = 0
            self._drops_body = True
        super().allHeadersReceived()
        self._end_after_answer()

    def rawDataReceived(self, data: bytes) -> None:
        if self._drops_body:
            return
        super().rawDataReceived(data)
        if not self._handlingRequest and self.requests and _is_too_large(self.requests[-1].content.tell()):
            self._drops_body = True
            self._end_after_answer()
            self.allContentReceived()

    def allContentReceived(self) -> None:
        self._is_receiving = False
        super().allContentReceived()

    def loseConnection(self) -> None:
        if self._drops_body and not self._is_lingering:
            self._is_lingering = True
            self.setTimeout(LINGER_SECONDS)
            self.transport.loseWriteConnection()  # type: ignore[union-attr]
        else:
            super().loseConnection()

    def _end_after_answer(self) -> None:
        if self._drops_body:
            self.persistent = False
            self.requests[-1].responseHeaders.setRawHeaders(b"Connection", [b"close"])


def _is_too_large(size: int) -> bool:
    limit: int | None = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return limit is not None and size > limit


def bound_connections(factory: HTTPFactory) -> None:
    """Have the factory make such connections. Without Twisted's wrapper, which chooses between HTTP/1 and HTTP/2."""
    factory.timeOut = REQUEST_SECONDS
    factory.protocol = _make


def _make() -> Any:
    return Connection()
