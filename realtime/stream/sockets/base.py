"""What a stream needs of its connection, and the way that works on any ASGI server."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]

# A client that vanished without a word (no FIN) is given up when it has not acknowledged a keep-alive for so long.
UNACKNOWLEDGED_LIMIT_MS = 30_000
# Linux would let a client that does not read fill megabytes of kernel memory before the process notices.
SEND_BUFFER_BYTES = 64 * 1024


class Reader(Protocol):
    """Is told when its client's connection fills up and drains."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Socket(Protocol):
    """Made once the response has begun. None of its methods waits."""

    def write(self, data: bytes) -> None:
        """Write a chunk; the reader is paused when the connection is full."""

    def end(self) -> None:
        """Finish the response after everything written."""

    def abort(self) -> None:
        """Cut the connection, whatever is unsent."""

    def close(self) -> None:
        """Release the server's objects after the response has ended."""


class AsgiSocket:
    """Plain ASGI: one chunk is being sent, by a task; until the server has taken it the reader is paused.

    It has no connection to cut: `abort` gives up the chunk that is being sent and ends the response.
    """

    __slots__ = ("_below", "_reader", "_sending")

    def __init__(self, send: Send, reader: Reader) -> None:
        self._below: Any = send  # or what has it
        self._reader = reader
        self._sending: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        self._reader.pause()
        self._begin({"type": "http.response.body", "body": data, "more_body": True})

    def end(self) -> None:
        self._begin({"type": "http.response.body", "body": b"", "more_body": False})

    def abort(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        self.end()

    def close(self) -> None:
        pass

    def _send(self) -> Send:
        send: Send = self._below
        return send

    def _begin(self, message: dict[str, Any]) -> None:
        self._sending = asyncio.create_task(self._send_after(self._sending, message))

    async def _send_after(self, before: asyncio.Task[None] | None, message: dict[str, Any]) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await self._send()(message)
        except OSError:
            return  # the client is gone; the server will say so
        if self._sending is asyncio.current_task():
            self._sending = None
        if message["more_body"]:
            self._reader.resume()


def tune(connection: Any) -> None:
    """Set what a stream needs of its kernel socket, if there is one."""
    if connection is None:
        return
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_LIMIT_MS)
    except OSError:
        logger.debug("socket options of a stream could not be set")  # a Unix socket, or closed already
