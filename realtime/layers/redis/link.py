"""The link of one process to one Redis server: two connections, and the watch that notices when they are dead.

Two, since answers to PUBLISH must not wait behind a flood of messages: Redis would be taken for dead.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import RedisError

from realtime.layers.redis.connection import CONNECT_SECONDS, RedisConnection
from realtime.layers.redis.reader import Reader
from realtime.layers.redis.writer import WireMessage, Writer

logger = logging.getLogger(__name__)

# A canary to oneself every second; without an answer the link is half-open. Found within 1 + 2 s.
CANARY_INTERVAL_SECONDS = 1.0
CANARY_LIMIT_SECONDS = 2.0
FIRST_CANARY_SECONDS = 0.3
CANCEL_SECONDS = 0.05
PROBE_FIRST_SECONDS = 0.05
PROBE_MAX_SECONDS = 1.5  # with the time to link, back in use within 2 s


class LinkLost(Exception):
    """The connection to a Redis server does not work."""


class _Answers:
    """The owner of the connection that publishes."""

    def __init__(self, link: "Link") -> None:
        self._link = link

    def replied(self, replies: Sequence[Any]) -> None:
        for reply in replies:
            if isinstance(reply, Exception):
                self._link.lose(reply)
                return
        self._link.writer.answered(len(replies))

    def lost(self, error: BaseException) -> None:
        self._link.lose(error)


class Link:
    """It is `up` only after a canary went out on one connection and came back on the other, with every wanted channel
    subscribed and acknowledged. Lives in one event loop."""

    def __init__(
        self, host: dict[str, Any], take: Callable[[Sequence[WireMessage]], None], changed: Callable[[], None]
    ) -> None:
        self.up: bool | None = None  # None until the first attempt to connect has ended
        self.writer = Writer(lambda: self.lose(LinkLost("no answer to PUBLISH")))
        self.reader = Reader()
        self._host = host
        self._take = take
        self._changed = changed
        self._connections: list[RedisConnection] = []
        self._error: asyncio.Future[BaseException] | None = None
        self._tried = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._canary = f"sse:canary:{uuid.uuid4().hex}"
        self._heard = asyncio.Event()

    def begin(self) -> None:
        """Begin to connect, unless it has; again and again until `close`."""
        if self._watch is None:
            self.up = None
            self._tried.clear()
            self.writer.expect_connection()
            self._watch = asyncio.create_task(self._keep_linked(), name="redis-link")

    async def wait_for_first_attempt(self) -> None:
        """Wait until the first attempt to connect has succeeded or failed, at most the time that one may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._tried.wait()

    async def close(self) -> None:
        """Stop and close both connections; `begin` begins anew."""
        watch, self._watch = self._watch, None
        while watch is not None and not watch.done():
            watch.cancel()  # more than once: while it connects, redis-py may take a cancellation for a time limit
            await asyncio.wait([watch], timeout=CANCEL_SECONDS)
        self.up = False
        self._disconnect()

    def lose(self, error: BaseException) -> None:
        """Declare the link lost; the watch connects anew."""
        if self._error is not None and not self._error.done():
            self._error.set_result(error)
        self._set_up(False, error)

    # The owner of the connection that subscribes

    def replied(self, replies: Sequence[Any]) -> None:
        self._heard.set()  # anything shows that the link is alive
        messages = []
        for reply in replies:
            if isinstance(reply, Exception):
                self.lose(reply)
                return
            kind, channel = reply[0], reply[1].decode("utf-8", "replace")
            if kind == b"message" and channel != self._canary:
                messages.append((channel, reply[2]))
            elif kind == b"subscribe":
                self.reader.acknowledged(channel)
        if messages:
            self._take(messages)

    def lost(self, error: BaseException) -> None:
        self.lose(error)

    # The watch

    async def _keep_linked(self) -> None:
        delay = PROBE_FIRST_SECONDS
        while True:
            lost = self._error = asyncio.get_running_loop().create_future()
            try:
                await self._connect(lost)
                delay = PROBE_FIRST_SECONDS
                error = await self._until_lost(lost)
            except (RedisError, OSError, LinkLost) as failure:
                error = failure
            except Exception as failure:
                logger.exception("redis link failed unexpectedly")
                error = failure
            self._set_up(False, error)
            self._disconnect()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, PROBE_MAX_SECONDS)

    async def _connect(self, lost: asyncio.Future[BaseException]) -> None:
        """Connect both ways, subscribe everything wanted, and mark the link up once a canary came back."""
        async with asyncio.timeout(CONNECT_SECONDS):
            writing = await RedisConnection.open(self._host, _Answers(self))
            self._connections.append(writing)
            reading = await RedisConnection.open(self._host, self)
            self._connections.append(reading)
            self.reader.open(reading, self._canary)
            if not await self.reader.is_complete():
                raise LinkLost("no answer to SUBSCRIBE")
        if lost.done():  # while it subscribed: `lose` has closed reader and writer
            raise lost.result()
        self._heard.clear()
        if not await self.writer.open(writing, (self._canary, b"")):
            raise LinkLost("no answer to the first canary")
        async with asyncio.timeout(FIRST_CANARY_SECONDS):
            await self._heard.wait()
        if lost.done():
            raise lost.result()
        self._set_up(True)

    async def _until_lost(self, lost: asyncio.Future[BaseException]) -> BaseException:
        """Send a canary every second; return when the link is lost."""
        silent_seconds = 0.0
        while not (await asyncio.wait([lost], timeout=CANARY_INTERVAL_SECONDS))[0]:
            if self._heard.is_set():
                self._heard.clear()
                silent_seconds = 0.0
                self.writer.send([(self._canary, b"")])
            else:
                silent_seconds += CANARY_INTERVAL_SECONDS
            if silent_seconds >= CANARY_LIMIT_SECONDS:
                return LinkLost("no answer to the canary: the connection is half-open")
        return lost.result()

    def _set_up(self, up: bool, error: BaseException | None = None) -> None:
        was, self.up = self.up, up
        if not up:
            self.writer.close()
            self.reader.close()
        self._tried.set()
        if was is not up:
            if error is not None:
                logger.warning("redis cannot be used: %s", error or type(error).__name__)
            self._changed()

    def _disconnect(self) -> None:
        self.writer.close()
        self.reader.close()
        connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()
