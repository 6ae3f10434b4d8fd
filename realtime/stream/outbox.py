"""What is written to a stream's socket: in one piece, bounded while its client does not read, never quiet for long."""

import asyncio
import logging
import random
from collections.abc import Sequence

from realtime import metrics
from realtime.stream.sockets.base import Socket

logger = logging.getLogger(__name__)

DRAIN_RETRY_MS = (100, 5_000)
KEEP_ALIVE_SECONDS = 15.0
KEEP_ALIVE = b":\n\n"
MAX_BACKLOG_BYTES = 256 * 1024
MAX_BEHIND_SECONDS = 10.0


class Outbox:
    """The Reader of a socket, which pauses it while the client does not read."""

    __slots__ = (
        "_backlog_bytes",
        "_counted",
        "_outbox",
        "_paused_since",
        "_quiet_seconds",
        "_socket",
        "channels",
        "ended",
    )

    def __init__(self, channels: Sequence[str]) -> None:
        self.channels = channels
        self.ended = False
        self._socket: Socket | None = None
        self._outbox: list[bytes] = []
        self._backlog_bytes = 0  # of the outbox, as far as it was counted, which it is while paused
        self._counted = 0
        self._paused_since: float | None = None
        self._quiet_seconds = 0

    # Writing

    def flush(self) -> int:
        """Write what was collected, in one piece; return the number of frames."""
        outbox = self._outbox
        if self.ended:
            outbox.clear()
        elif self._paused_since is not None:
            self._bound_backlog()
        elif outbox and self._socket is not None:
            self._outbox = []
            self._backlog_bytes = self._counted = self._quiet_seconds = 0
            self._socket.write(outbox[0] if len(outbox) == 1 else b"".join(outbox))
            return len(outbox)
        return 0

    def _bound_backlog(self) -> None:
        self._backlog_bytes += sum(map(len, self._outbox[self._counted :]))
        self._counted = len(self._outbox)
        if self._backlog_bytes > MAX_BACKLOG_BYTES:
            self.cut("too much unsent")

    def pause(self) -> None:
        """The connection is full."""
        if self._paused_since is None:
            self._paused_since = asyncio.get_running_loop().time()

    def resume(self) -> None:
        """The connection has drained."""
        self._paused_since = None
        metrics.DELIVERED.inc(self.flush())

    def tick(self) -> None:
        """Called each second."""
        if self._paused_since is not None:
            if asyncio.get_running_loop().time() - self._paused_since > MAX_BEHIND_SECONDS:
                self.cut("too far behind")
            return
        self._quiet_seconds += 1
        if self._quiet_seconds > KEEP_ALIVE_SECONDS:
            self._outbox.append(self.keep_alive)
            self.flush()

    @property
    def keep_alive(self) -> bytes:
        """What is written to a stream that was quiet for a while."""
        return KEEP_ALIVE

    # Ending

    def drain(self) -> None:
        """End the response of a process that stops; clients come back at different moments."""
        self.end(DRAIN_RETRY_MS)

    def end(self, retry_ms: tuple[int, int] | None = None) -> None:
        """End the response after what was written; the client comes back with its position."""
        if not self.ended and self._socket is not None:
            if retry_ms is not None:
                self._outbox.append(b"retry: %d\n\n" % random.randint(*retry_ms))
            self.flush()
            self.ended = True
            self._socket.end()

    def cut(self, reason: str) -> None:
        """Abort the connection, with what is unsent."""
        if not self.ended:
            self.ended = True
            metrics.STREAMS_ENDED.labels(reason).inc()
            logger.info("cut off a stream: %s channels=%s", reason, ",".join(self.channels))
            self._outbox.clear()
            if self._socket is not None:
                self._socket.abort()

    def close(self) -> None:
        """The response has ended: release everything."""
        self.ended = True
        self._outbox.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
