"""Below a stream: daphne's WebRequest and Twisted's connection."""

import functools
from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IPushProducer
from twisted.web import http, http_headers
from zope.interface import implementer

from realtime.stream.sockets.base import Reader, Send, tune

NO_HEADERS = http_headers.Headers()  # what a request and its answer keep once they were read and written: 1 KiB each


@implementer(IPushProducer)
class _Producer:
    """Twisted's view of a stream: paused at 64 KiB unsent in the connection."""

    __slots__ = ("_reader",)

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def pauseProducing(self) -> None:
        self._reader.pause()

    def resumeProducing(self) -> None:
        self._reader.resume()

    def stopProducing(self) -> None:
        pass


class DaphneSocket:
    """Writes to the kernel's socket at once if nothing waits before: Twisted's way through the reactor takes two
    `epoll_ctl` calls a chunk."""

    __slots__ = ("_registered", "_request", "_send")

    def __init__(self, send: Send, reader: Reader) -> None:
        self._send = send
        self._request: Any = send.args[0]  # type: ignore[attr-defined]
        self._registered = self._is_connected()
        if self._registered:
            tune(getattr(self._request.channel.transport, "socket", None))
            self._request.registerProducer(_Producer(reader), True)

    @staticmethod
    def fits(send: Send) -> bool:
        return isinstance(send, functools.partial) and isinstance(send.args[0], http.Request)

    def write(self, data: bytes) -> None:
        request = self._request
        if request.finished or request.channel is None:
            return
        connection = request.channel.transport
        if not (
            request.startedWriting
            and request.chunked
            and isinstance(connection, tcp.Connection)
            and not connection.TLS
            and not connection.dataBuffer
            and not connection._tempDataBuffer
            and not connection.disconnecting
        ):
            http.Request.write(request, data)  # type: ignore[no-untyped-call]
            request.requestHeaders = request.responseHeaders = NO_HEADERS
            return
        chunk = b"%x\r\n%b\r\n" % (len(data), data)
        try:
            sent = connection.socket.send(chunk)
        except OSError:  # full, or gone: Twisted finds out which
            sent = 0
        if sent < len(chunk):
            connection.write(chunk[sent:])  # type: ignore[no-untyped-call]

    def end(self) -> None:
        self.close()
        if self._is_connected():
            self._request.finish()

    def abort(self) -> None:
        if self._request.channel is not None:
            self._request.channel.transport.abortConnection()

    def close(self) -> None:
        if self._registered and self._request.channel is not None:
            self._request.unregisterProducer()
        self._registered = False

    def _is_connected(self) -> bool:
        return not self._request.finished and self._request.channel is not None
