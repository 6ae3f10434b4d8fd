"""Channels' Redis Pub/Sub layer with the contract's channel names and bytes, and with time limits.

What stock `RedisPubSubChannelLayer` (channels_redis 4.3.0) does and this subclass does not: name channels
`<prefix>__group__<group>`; hand a message over without its group; return from `subscribe` before Redis has
acknowledged; serialise publishers behind one lock, so that five sends to a stopped Redis fail after 5, 10, 15, 20 and
25 s; stay deaf for up to a second after Redis is back; never notice a half-open connection; queue without bound.
"""

import asyncio
import contextlib
import functools
import itertools
import logging
import math
import random
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import create_pool, decode_hosts
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from realtime import coroutines, groups

logger = logging.getLogger(__name__)

PUBLISH_BUDGET_SECONDS = 0.3
JOIN_BUDGET_SECONDS = 0.3
STALL_GRACE_SECONDS = 0.01
CONNECT_SECONDS = 1.0
# A canary to oneself every second; without an answer the link is half-open. Found within 1 + 2 s.
CANARY_INTERVAL_SECONDS = 1.0
CANARY_LIMIT_SECONDS = 2.0
PROBE_FIRST_SECONDS = 0.05
PROBE_MAX_SECONDS = 1.5  # with the time to link, back in use within 2 s
MAX_UNSENT = 10_000  # messages
MAX_BATCH = 500
# redis-py does not yield while data is buffered; a busy reader would starve the loop until its canary seems dead.
MESSAGES_PER_TURN = 50

Message = tuple[str, bytes]  # Redis channel, bytes


@dataclass(frozen=True, slots=True)
class Sending:
    """Messages on their way to Redis. Those of one sending go out together, or none of them."""

    messages: Sequence[Message]
    taken: asyncio.Future[bool]
    due: float  # by the loop's clock: what has not gone out by then is given up

    def settle(self, is_taken: bool) -> None:
        if not self.taken.done():
            self.taken.set_result(is_taken)



class LinkLost(Exception):
    """The connection to a Redis shard does not work."""


# What a broken connection raises; TimeoutError is an OSError.
Errors = (RedisError, OSError, LinkLost)


@contextlib.asynccontextmanager
async def budget(seconds: float) -> AsyncIterator[None]:
    """asyncio.timeout that blames nobody for a loop that stood still, as one does that collects garbage.

    There the time is over before the loop has read an answer that was there long ago: so it gets a turn to read.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        timer = loop.call_later(seconds, lambda: limit.reschedule(loop.time() + STALL_GRACE_SECONDS))
        try:
            yield
        finally:
            timer.cancel()


class ShardLink(RedisSingleShardConnection):  # type: ignore[misc]
    """The link of one process to one Redis server: a connection that subscribes, one that publishes, a watch on both.

    It is `up` only after a canary went out on one connection and came back on the other, with every wanted channel
    subscribed and acknowledged. Lives in one event loop.
    """

    def __init__(self, host: dict[str, Any], layer: "EnvelopePubSubLoopLayer") -> None:
        super().__init__(host, layer)
        self.up: bool | None = None  # None until the first attempt to connect has ended
        self.wanted: set[str] = set()
        self._acknowledged: set[str] = set()
        self._waiting: dict[str, asyncio.Event] = {}
        self._reader: AbstractConnection | None = None
        self._writer: AbstractConnection | None = None
        self._unsent: deque[Sending] = deque()
        self._unsent_messages = 0
        self._in_flight: list[Sending] = []
        self._unanswered = 0  # messages in flight of which Redis has not said that it took them
        self._overdue: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._tried = asyncio.Event()
        self._error: BaseException | None = None
        self._readings: list[asyncio.Task[None]] = []
        self._up_at = 0.0
        self._canary_channel = f"sse:canary:{uuid.uuid4().hex}"
        self._canary_back = 0.0

    # Publishing

    def send(self, messages: Sequence[Message]) -> asyncio.Future[bool]:
        """Send messages in order, now if nothing waits before them; the future tells whether Redis has taken them all.

        It does so within twice the budget: what waits behind an answer that takes longer is given up. False does not
        mean that nothing arrived: a message that timed out may still come through. What is sent before the first
        attempt to connect has ended waits for that, too.
        """
        loop = asyncio.get_running_loop()
        sending = Sending(messages, loop.create_future(), loop.time() + PUBLISH_BUDGET_SECONDS)
        if not messages or self.up is False:
            sending.settle(not messages)
            return sending.taken
        self._unsent.append(sending)
        self._unsent_messages += len(messages)
        if self._unsent_messages > MAX_UNSENT:
            self._give_up_unsent()  # all of it, in order
        elif self.up and not self._in_flight:
            self._send_unsent()
        return sending.taken

    async def publish_batch(self, messages: Sequence[Message]) -> bool:
        """As `send`; False, too, if Redis had not taken them within the budget."""
        try:
            async with budget(PUBLISH_BUDGET_SECONDS):
                return await self.send(messages)
        except TimeoutError:
            return False

    async def publish(self, channel: str, message: bytes) -> None:
        """The base class's form. Raises LinkLost if Redis did not take the message within the budget."""
        if not await self.publish_batch([(channel, message)]):
            raise LinkLost("publish failed")

    def _send_unsent(self) -> None:
        """Write as much of what waits as one batch may hold, less what has waited too long."""
        now = asyncio.get_running_loop().time()
        messages: list[Message] = []
        while self._unsent and (not messages or len(messages) + len(self._unsent[0].messages) <= MAX_BATCH):
            sending = self._unsent.popleft()
            self._unsent_messages -= len(sending.messages)
            if max(sending.due, self._up_at + PUBLISH_BUDGET_SECONDS) < now:
                sending.settle(False)
            else:
                self._in_flight.append(sending)
                messages += sending.messages
        if messages:
            self._publish(messages)

    def _give_up_unsent(self) -> None:
        unsent, self._unsent, self._unsent_messages = self._unsent, deque(), 0
        for sending in unsent:
            sending.settle(False)

    def _publish(self, messages: Sequence[Message]) -> None:
        assert self._writer is not None
        self._unanswered = len(messages)
        self._overdue = asyncio.get_running_loop().call_later(PUBLISH_BUDGET_SECONDS, self._wait_last_time)
        commands = self._writer.pack_commands([("PUBLISH", channel, data) for channel, data in messages])
        try:
            rest = coroutines.begin(self._writer.send_packed_command(commands, check_health=False))
        except Errors as error:
            self._lose(error)
            return
        if rest is not None:
            rest.add_done_callback(functools.partial(self._written, self._writer))

    def _written(self, writer: AbstractConnection, rest: asyncio.Task[None]) -> None:
        error = None if rest.cancelled() else rest.exception()
        if error is not None and writer is self._writer:
            self._lose(error)

    def _wait_last_time(self) -> None:
        """As `budget`: an answer that came while the loop stood still gets a turn to be read."""
        self._overdue = asyncio.get_running_loop().call_later(
            STALL_GRACE_SECONDS, self._lose, TimeoutError("no answer to PUBLISH")
        )

    def _answered(self) -> None:
        """Redis has taken one message more."""
        self._unanswered -= 1
        if self._unanswered == 0:
            self._settle(True)
            if self.up:
                self._send_unsent()

    def _settle(self, is_taken: bool) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        settled, self._in_flight = self._in_flight, []
        for sending in settled:
            sending.settle(is_taken)

    # Subscribing

    async def subscribe(self, channel: str) -> None:
        await self.join([channel])

    async def unsubscribe(self, channel: str) -> None:
        await self.leave([channel])

    async def join(self, channels: Iterable[str]) -> bool:
        """Subscribe; True once Redis has acknowledged all. If it does not in time they are joined when it is back."""
        missing = [channel for channel in channels if channel not in self._acknowledged]
        fresh = [channel for channel in missing if channel not in self.wanted]
        self.wanted.update(fresh)
        if not missing:
            return True
        if not self.up:
            return False
        waits = [self._waiting.setdefault(channel, asyncio.Event()) for channel in missing]
        try:
            async with budget(JOIN_BUDGET_SECONDS):
                if fresh and self._reader is not None:
                    await self._reader.send_command("SUBSCRIBE", *fresh, check_health=False)
                for wait in waits:
                    await wait.wait()
        except Errors as error:
            if not isinstance(error, TimeoutError):
                self._lose(error)
            return False
        return bool(self.up)

    def forget(self, channels: Iterable[str]) -> list[str]:
        """Stop to want channels; returns those that Redis must be told of by `leave`."""
        gone = [channel for channel in channels if channel in self.wanted]
        self.wanted.difference_update(gone)
        self._acknowledged.difference_update(gone)
        return gone

    async def leave(self, channels: Iterable[str]) -> None:
        """Unsubscribe from what is not wanted (again, by now); never raises."""
        self.forget(channels)
        gone = [channel for channel in channels if channel not in self.wanted]
        if gone and self._reader is not None:
            with contextlib.suppress(*Errors):
                async with budget(JOIN_BUDGET_SECONDS):
                    await self._reader.send_command("UNSUBSCRIBE", *gone, check_health=False)

    # The watch: connects, reads, probes

    def start(self) -> None:
        """Begin to connect; again and again until `close`."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._keep_linked(), name="redis-link")

    async def wait_for_first_attempt(self) -> None:
        """Wait until the first attempt to connect has succeeded or failed, at most the time that one may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._tried.wait()

    async def _keep_linked(self) -> None:
        delay = PROBE_FIRST_SECONDS
        while True:
            self._lost.clear()
            try:
                await self._link()
                delay = PROBE_FIRST_SECONDS
                error = await self._until_lost()
            except Errors as failure:
                error = failure
            except Exception as failure:
                logger.exception("redis link failed unexpectedly")
                error = failure
            self._set_up(False, error)
            await self._disconnect()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, PROBE_MAX_SECONDS)

    async def _link(self) -> None:
        """Connect both ways, subscribe everything wanted, and mark the link up once a canary came back."""
        async with asyncio.timeout(CONNECT_SECONDS):
            self._writer = await self._connect()
            self._reader = await self._connect()
            channels = [self._canary_channel, *self.wanted]
            await self._reader.send_command("SUBSCRIBE", *channels, check_health=False)
            for _ in channels:
                await self._read_one()
        self._readings = [
            asyncio.create_task(self._until_broken(self._read()), name="redis-read"),
            asyncio.create_task(self._until_broken(self._read_answers()), name="redis-answers"),
        ]
        sent = asyncio.get_running_loop().time()
        self._publish([(self._canary_channel, b"")])
        async with budget(PUBLISH_BUDGET_SECONDS):
            while (self._unanswered or self._canary_back < sent) and not self._lost.is_set():
                await asyncio.sleep(0.001)
        if self._lost.is_set():
            raise self._error or LinkLost("lost while connecting")
        late = [channel for channel in self.wanted if channel not in self._acknowledged]
        if late:  # wanted while we were connecting
            async with budget(JOIN_BUDGET_SECONDS):
                await self._reader.send_command("SUBSCRIBE", *late, check_health=False)
        self._set_up(True, None)

    async def _connect(self) -> AbstractConnection:
        host = {
            "protocol": 2,  # RESP3 hands Pub/Sub messages to a push handler instead of the reader
            "retry": Retry(NoBackoff(), 0),
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_keepalive": True,
            **self.host,
        }
        pool = create_pool(host)
        try:
            connection: AbstractConnection = await pool.get_connection()
            connection.socket_timeout = None  # our limits are shorter, and this one costs a task for each command
            return connection
        finally:
            if isinstance(pool, SentinelConnectionPool):  # it has asked where the master is, and kept the line open
                await pool.sentinel_manager.aclose()

    async def _until_broken(self, reading: Coroutine[Any, Any, None]) -> None:
        try:
            await reading
        except Errors as error:
            self._lose(error)
        except Exception as error:
            logger.exception("redis reader failed unexpectedly")
            self._lose(error)

    async def _read(self) -> None:
        """Hand over what arrives; when there is nothing more for now, say so."""
        await coroutines.tell_of_waits(self._read_all(), self.channel_layer.arrivals_ended)

    async def _read_all(self) -> None:
        for count in itertools.count(1):
            await self._read_one()
            if count % MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)

    async def _read_answers(self) -> None:
        assert self._writer is not None
        while True:
            answer = await self._writer.read_response(timeout=math.inf)
            if isinstance(answer, Exception):
                raise answer
            self._answered()

    async def _read_one(self) -> None:
        assert self._reader is not None
        answer = await self._reader.read_response(timeout=math.inf)
        if isinstance(answer, Exception):
            raise answer
        kind, channel, data = answer[0], answer[1].decode("utf-8", "replace"), answer[2]
        if kind == b"message":
            self._canary_back = asyncio.get_running_loop().time()  # any message shows that the link is alive
            if channel != self._canary_channel:
                self.channel_layer.arrived(channel, data)
        elif kind == b"subscribe" and (channel in self.wanted):
            self._acknowledged.add(channel)
            if waiting := self._waiting.pop(channel, None):
                waiting.set()

    async def _until_lost(self) -> BaseException | None:
        """Send a canary every second; return when the link is lost."""
        loop = asyncio.get_running_loop()
        unanswered_since: float | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CANARY_INTERVAL_SECONDS):
                    await self._lost.wait()
            if self._lost.is_set():
                return self._error
            now = loop.time()
            if unanswered_since is not None and self._canary_back >= unanswered_since:
                unanswered_since = None
            if unanswered_since is not None and now - unanswered_since > CANARY_LIMIT_SECONDS:
                return LinkLost("no answer to the canary: the connection is half-open")
            if unanswered_since is None:
                unanswered_since = now
            if not await self.publish_batch([(self._canary_channel, b"")]) and self._lost.is_set():
                return self._error

    def _lose(self, error: BaseException) -> None:
        """Declare the link lost; the watch takes it from here."""
        if not self._lost.is_set():
            self._error = error
            self._lost.set()
            self._set_up(False, error)

    def _set_up(self, up: bool, error: BaseException | None) -> None:
        was, self.up = self.up, up
        if up:
            self._up_at = asyncio.get_running_loop().time()
            self._send_unsent()
        else:
            self._give_up()
        self._tried.set()
        if was is not up:
            self.channel_layer.link_changed(error)

    def _give_up(self) -> None:
        """Let nobody wait any longer for what the link was to do."""
        self._settle(False)
        self._give_up_unsent()
        self._acknowledged.clear()
        for waiting in self._waiting.values():
            waiting.set()  # whoever waits for an acknowledgement finds the link down
        self._waiting.clear()

    async def _disconnect(self) -> None:
        readings, self._readings = self._readings, []
        for reading in readings:
            reading.cancel()
        if readings:
            await asyncio.wait(readings)
        for connection in (self._reader, self._writer):
            if connection is not None:
                _abort(connection)
                with contextlib.suppress(*Errors):
                    await connection.disconnect(nowait=True)
        self._reader = self._writer = None

    async def close(self) -> None:
        """Stop for good and close both connections."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        self.up = False
        self._give_up()
        await self._disconnect()


def _abort(connection: AbstractConnection) -> None:
    """Cut a connection, whatever is unsent: closed properly, it would keep who waits for its buffer waiting."""
    writer: asyncio.StreamWriter | None = connection._writer
    if writer is not None:
        writer.transport.abort()


class EnvelopePubSubLoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    """Channels' Pub/Sub layer of one event loop with the contract's channel names and our links."""

    def __init__(
        self,
        hosts: list[dict[str, Any]],
        *,
        channel_layer: RedisPubSubChannelLayer,
        arrived: Callable[[str, bytes], None],
        arrivals_ended: Callable[[], None],
        changed: Callable[[BaseException | None], None],
    ) -> None:
        super().__init__(hosts=hosts, channel_layer=channel_layer)
        self._shards = [ShardLink(host, self) for host in decode_hosts(hosts)]
        self.arrived = arrived
        self.arrivals_ended = arrivals_ended
        self.link_changed = changed

    @property
    def links(self) -> list[ShardLink]:
        return list(self._shards)

    def _get_group_channel_name(self, group: str) -> str:
        return groups.wire_name(group)

    def by_link(self, channels: Iterable[str]) -> dict[ShardLink, list[str]]:
        """Sort channels by the shard that carries them."""
        sorted_out: dict[ShardLink, list[str]] = {}
        for channel in channels:
            sorted_out.setdefault(self._get_shard(channel), []).append(channel)
        return sorted_out

    def link_of(self, channel: str) -> ShardLink:
        link: ShardLink = self._get_shard(channel)
        return link


class EnvelopePubSubLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """`RedisPubSubChannelLayer` with the JSON serializer, for one event loop: the process's home loop.

    `arrived` is called with Redis channel and bytes of each message, `arrivals_ended` when all that came at once has
    been handed over, `changed` with the error or None at each change of a link.
    """

    def __init__(
        self,
        hosts: list[dict[str, Any]],
        *,
        arrived: Callable[[str, bytes], None],
        arrivals_ended: Callable[[], None],
        changed: Callable[[BaseException | None], None],
    ) -> None:
        super().__init__(hosts=hosts, serializer_format="json")
        self._home = EnvelopePubSubLoopLayer(
            hosts, channel_layer=self, arrived=arrived, arrivals_ended=arrivals_ended, changed=changed
        )

    def _get_layer(self) -> EnvelopePubSubLoopLayer:
        return self._home
