"""What a stream needs of the server below it, beyond ASGI: know when the client does not read, and cut it off.

Under daphne ASGI's `send` never waits, so one client that does not read would grow the process without bound.
"""

import asyncio
import functools
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from twisted.internet import tcp
from twisted.internet.interfaces import IPushProducer
from twisted.web import http, http_headers
from zope.interface import implementer

from realtime import coroutines

logger = logging.getLogger(__name__)

# What a request and its answer keep once they were read and written: theirs take 1 KiB a stream, of browsers more.
NO_HEADERS = http_headers.Headers()

Send = Callable[[dict[str, Any]], Awaitable[None]]

# A client that vanished without a word (no FIN) is given up when it has not acknowledged a keep-alive for so long.
UNACKNOWLEDGED_LIMIT_MS = 30_000
# Linux would let a client that does not read fill megabytes of kernel memory before the process notices.
SEND_BUFFER_BYTES = 64 * 1024


class Reader(Protocol):
    """Is told when its client's connection fills up and drains."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Transport:
    """Plain ASGI, any server: writes without a task as long as the server does not make us wait."""

    def __init__(self, send: Send, reader: Reader) -> None:
        self._send = send
        self._reader = reader
        self._waiting: asyncio.Task[None] | None = None

    async def begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        _tune(self.socket())

    def write(self, data: bytes) -> None:
        """Write a chunk. The reader is paused until the server has taken it, if that takes a wait."""
        self._drive(self._send({"type": "http.response.body", "body": data, "more_body": True}))

    def end(self) -> None:
        """Finish the response after everything written."""
        self._drive(self._send({"type": "http.response.body", "body": b"", "more_body": False}))

    def abort(self) -> None:
        """Cut the connection now, whatever is unsent."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._abort_connection()

    def close(self) -> None:
        """Let go of the server's objects; the response has ended."""

    def socket(self) -> Any:
        return None

    def _abort_connection(self) -> None:
        pass

    def _is_waiting(self) -> bool:
        return self._waiting is not None and not self._waiting.done()

    def _drive(self, sending: Awaitable[None]) -> None:
        """Run a `send` up to its end if it does not wait; else finish it in a task."""
        assert isinstance(sending, Coroutine)
        if self._is_waiting():
            self._waiting = asyncio.create_task(_after(self._waiting, sending))
            return
        try:
            rest = coroutines.begin(sending)
        except OSError:
            return  # the client is gone; the server will say so
        if rest is not None:
            self._reader.pause()
            self._waiting = asyncio.create_task(self._finish(rest))

    async def _finish(self, rest: asyncio.Task[None]) -> None:
        try:
            await rest
        except OSError:
            return
        self._reader.resume()


async def _after(first: asyncio.Task[None] | None, then: Awaitable[None]) -> None:
    if first is not None:
        await asyncio.wait([first])
    await then


class UvicornTransport(Transport):
    """`send` is a bound method of uvicorn's RequestResponseCycle, whose flow control makes it wait."""

    def __init__(self, send: Send, reader: Reader) -> None:
        super().__init__(send, reader)
        self._cycle: Any = send.__self__  # type: ignore[attr-defined]
        self._is_chunked = self._cycle.scope["http_version"] == "1.1"

    def write(self, data: bytes) -> None:
        """Write the chunk to the connection while it has room; h11 would take half as long again to frame it."""
        if not self._is_chunked or self._cycle.flow.write_paused or self._is_waiting():
            super().write(data)
        elif not self._cycle.disconnected:
            self._cycle.transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def socket(self) -> Any:
        return self._cycle.transport.get_extra_info("socket")

    def _abort_connection(self) -> None:
        connection = self.socket()
        if connection is not None:
            # A reset, as daphne's abort: else the kernel keeps what is unsent for a client that does not take it.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._cycle.transport.abort()


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


class DaphneTransport(Transport):
    """`send` is a partial over daphne's WebRequest; chunks go straight to it."""

    def __init__(self, send: Send, reader: Reader) -> None:
        super().__init__(send, reader)
        self._request: Any = send.args[0]  # type: ignore[attr-defined]
        self._registered = False

    async def begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        await super().begin(status, headers)
        if self._is_connected():
            self._request.registerProducer(_Producer(self._reader), True)
            self._registered = True

    def write(self, data: bytes) -> None:
        """Write to the socket at once if nothing waits before it: 13 µs, where the way through the reactor takes 40.

        Twisted would ask the reactor to tell when the socket is writable, and to stop telling, for every chunk.
        """
        if not self._is_connected():
            return
        connection = self._request.channel.transport
        if not self._takes_chunks_now(connection):
            http.Request.write(self._request, data)  # type: ignore[no-untyped-call]
            self._request.requestHeaders = self._request.responseHeaders = NO_HEADERS
            return
        chunk = b"%x\r\n%b\r\n" % (len(data), data)
        try:
            sent = connection.socket.send(chunk)
        except OSError:  # full, or gone: Twisted finds out which
            sent = 0
        if sent < len(chunk):
            connection.write(chunk[sent:])

    def _takes_chunks_now(self, connection: Any) -> bool:
        return (
            self._request.startedWriting
            and self._request.chunked
            and isinstance(connection, tcp.Connection)
            and not connection.TLS
            and not connection.dataBuffer
            and not connection._tempDataBuffer
            and not connection.disconnecting
        )

    def end(self) -> None:
        self.close()
        super().end()

    def close(self) -> None:
        if self._registered and self._request.channel is not None:
            self._request.unregisterProducer()
        self._registered = False

    def socket(self) -> Any:
        channel = self._request.channel
        return getattr(channel.transport, "socket", None) if channel is not None else None

    def _abort_connection(self) -> None:
        if self._request.channel is not None:
            self._request.channel.transport.abortConnection()

    def _is_connected(self) -> bool:
        return not self._request.finished and self._request.channel is not None


def transport_for(send: Send, reader: Reader) -> Transport:
    """The transport of the server that this `send` belongs to."""
    if isinstance(send, functools.partial) and isinstance(send.args[0], http.Request):
        return DaphneTransport(send, reader)
    if type(getattr(send, "__self__", None)).__module__.startswith("uvicorn."):
        return UvicornTransport(send, reader)
    return Transport(send, reader)


def _tune(connection: Any) -> None:
    """Set what a stream needs of its socket; a transport without one (tests) is left as it is."""
    if connection is None:
        return
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_LIMIT_MS)
    except OSError:
        logger.debug("socket options of a stream could not be set")  # a Unix socket, or closed already
