"""The channel layer: Redis first, in memory while Redis is away."""

import asyncio
import functools
import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from channels.layers import InMemoryChannelLayer

from realtime import groups, home, metrics
from realtime.events import Envelope, read_object
from realtime.redis_layer import MAX_BATCH, PUBLISH_BUDGET_SECONDS, EnvelopePubSubLayer

logger = logging.getLogger(__name__)

# Channels' default of 100 drops silently in any burst. What overflows this is repaired from the log.
MEMORY_CAPACITY = 10_000
Arrival = tuple[str, bytes]  # group, encoded envelope


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who takes a channel's messages in the turn of the loop in which they come, instead of waiting for each.

    `ended` is called when all that came at once has been handed over. Neither must raise.
    """

    arrived: Callable[[str, bytes], None]
    ended: Callable[[], None]


class LocalLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """The in-memory layer, without its sweep over all groups at every message (0.5 ms at 5,000 groups).

    The sweep would also drop members after a day, while their streams are still open.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.receivers: dict[str, Receiver] = {}

    def _clean_expired(self) -> None:
        pass

    def put(self, group: str, data: bytes) -> None:
        """Hand an encoded envelope to this process's members of a group at once, without a task for each."""
        for channel in self.groups.get(group, ()):
            receiver = self.receivers.get(channel)
            if receiver is not None:
                receiver.arrived(group, data)
            else:
                self._queue(channel, {"group": group, "data": data})

    def _queue(self, channel: str, message: dict[str, Any]) -> None:
        queue = self.channels.setdefault(channel, asyncio.Queue(maxsize=self.get_capacity(channel)))
        if queue.full():
            metrics.DROPPED.labels("layer_queue_full").inc()
        else:
            queue.put_nowait((time.time() + self.expiry, message))

    def arrivals_ended(self) -> None:
        for receiver in self.receivers.values():
            receiver.ended()


class DegradingChannelLayer:
    """A channel layer whose groups reach every process through Redis, and this process alone while Redis is away.

    All of it lives in the home loop; calls from other loops are carried there. `group_send` takes at most 300 ms and
    never raises for Redis' sake. A group's message is an envelope; on Redis it is exactly its JSON.
    `send` reaches channels of this process.
    """

    extensions = ["groups", "flush"]

    def __init__(self, hosts: list[dict[str, Any]] | None = None) -> None:
        self.memory = LocalLayer(capacity=MEMORY_CAPACITY)
        self._hosts = hosts or []
        self._redis: EnvelopePubSubLayer | None = None
        self._watchers: list[Callable[[bool], None]] = []
        self._publishing: set[asyncio.Future[bool]] = set()
        self._degraded: bool | None = None  # None until a first attempt to connect has ended
        self.since = time.time()

    # State

    @property
    def is_degraded(self) -> bool:
        """Whether some shard (or all of Redis, or no Redis configured) cannot carry messages between processes."""
        return self._degraded is not False

    @property
    def has_redis(self) -> bool:
        return bool(self._hosts)

    def watch(self, watcher: Callable[[bool], None]) -> None:
        """Call `watcher(is_degraded)` in the home loop at every change."""
        self._watchers.append(watcher)

    async def start(self) -> None:
        """Begin to connect, and wait (about a second at most) until a first attempt has ended."""
        redis = self._linked()
        if redis is not None:
            await asyncio.gather(*(link.wait_for_first_attempt() for link in redis.links))

    def _linked(self) -> Any:
        """The Redis layer's loop layer, connecting since the first use; None without Redis."""
        if self._redis is None and self._hosts:
            self._redis = EnvelopePubSubLayer(
                self._hosts,
                arrived=self._arrived,
                arrivals_ended=self.memory.arrivals_ended,
                changed=self._link_changed,
            )
            for link in self._redis.links:
                link.start()
        return self._redis

    def _link_changed(self, error: BaseException | None) -> None:
        assert self._redis is not None
        states = [link.up for link in self._redis.links]
        degraded = False in states
        if degraded is self._degraded or (None in states and not degraded):
            return
        self._degraded, self.since = degraded, time.time()
        metrics.REDIS_UP.set(0 if degraded else 1)
        if degraded:
            metrics.DEGRADATIONS.inc()
            logger.warning("redis is away, degraded to memory and the log: %s", error)
        else:
            logger.info("redis is in use")
        for watcher in self._watchers:
            watcher(degraded)

    # Messages in

    def _arrived(self, wire: str, data: bytes) -> None:
        try:
            group = groups.from_wire(wire)
        except ValueError:
            return  # not subscribed to anything else
        self.memory.put(group, data)

    async def receive(self, channel: str) -> dict[str, Any]:
        """The next message of a channel, decoded. Malformed ones are counted and dropped."""
        return await home.run_at_home(self._receive(channel))

    async def _receive(self, channel: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self.memory.receive(channel)
            if "data" not in message:
                return message
            try:
                return read_object(message["data"])
            except ValueError:
                metrics.DROPPED.labels("malformed").inc()

    def attach(self, channel: str, receiver: Receiver) -> None:
        """Hand what comes to a channel of this process by its groups to a receiver, instead of to `receive`."""
        self.memory.receivers[channel] = receiver

    def detach(self, channel: str) -> None:
        self.memory.receivers.pop(channel, None)

    # Messages out

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send an envelope (a dict with type and payload) to a group, in this and in all other processes."""
        data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        self.memory.require_valid_group_name(group)
        await home.run_at_home(self._send_to_group(group, data))

    async def _send_to_group(self, group: str, data: bytes) -> None:
        if self._degraded is None:
            await self.start()
        if carried := self._carry([(group, data)]):
            await asyncio.wait(carried, timeout=PUBLISH_BUDGET_SECONDS)

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Send envelopes to their groups; returns at once. In the home loop.

        What Redis takes in time reaches the members everywhere, each once and in order. What it does not take in time
        is given up and handed to the members in this process, all of it and in order; but there it may overtake what is
        still on its way to Redis or back, or come a second time if Redis took it after all. So whoever needs an order
        numbers what he sends, as durable events are.
        """
        self._carry([(envelope.channel, envelope.data) for envelope in envelopes])

    async def published(self) -> None:
        """Wait until everything handed to `publish` so far has been sent or given up."""
        if self._publishing:
            await asyncio.wait(set(self._publishing))

    def _carry(self, arrivals: Sequence[Arrival]) -> list[asyncio.Future[bool]]:
        """Write them to Redis now; what Redis does not take goes to the members in this process."""
        redis = self._linked()
        if redis is None:
            self._carry_in_memory(arrivals)
            return []
        by_link: dict[Any, list[Arrival]] = {}
        for arrival in arrivals:
            by_link.setdefault(redis.link_of(groups.wire_name(arrival[0])), []).append(arrival)
        return [
            self._carry_by(link, part[start : start + MAX_BATCH])
            for link, part in by_link.items()
            for start in range(0, len(part), MAX_BATCH)
        ]

    def _carry_by(self, link: Any, arrivals: Sequence[Arrival]) -> asyncio.Future[bool]:
        taken: asyncio.Future[bool] = link.send([(groups.wire_name(group), data) for group, data in arrivals])
        self._publishing.add(taken)
        taken.add_done_callback(functools.partial(self._carried, arrivals, time.perf_counter()))
        return taken

    def _carried(self, arrivals: Sequence[Arrival], started: float, taken: asyncio.Future[bool]) -> None:
        self._publishing.discard(taken)
        if not taken.cancelled() and taken.result():
            metrics.PUBLISH_SECONDS.observe(time.perf_counter() - started)
            metrics.PUBLISHED.inc(len(arrivals))
        else:
            metrics.PUBLISH_FAILURES.inc(len(arrivals))
            self._carry_in_memory(arrivals)

    def _carry_in_memory(self, arrivals: Sequence[Arrival]) -> None:
        for group, data in arrivals:
            self.memory.put(group, data)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Send to one channel of this process."""
        await home.run_at_home(self.memory.send(channel, message))

    # Groups

    async def new_channel(self, prefix: str = "specific.") -> str:
        name: str = await self.memory.new_channel(prefix)
        return name

    async def group_add(self, group: str, channel: str) -> None:
        """Make a channel of this process a member; Redis has acknowledged it on return, unless it is away."""
        await home.run_at_home(self.join([group], channel))

    async def join(self, joined: Iterable[str], channel: str) -> bool:
        """Add a channel to several groups in one round trip; whether Redis acknowledged all of them in time."""
        wanted = list(joined)
        for group in wanted:
            await self.memory.group_add(group, channel)
        redis = self._linked()
        if redis is None:
            return False
        by_link = redis.by_link(groups.wire_name(group) for group in wanted)
        return all(await asyncio.gather(*(link.join(part) for link, part in by_link.items())))

    async def group_discard(self, group: str, channel: str) -> None:
        await home.run_at_home(self.leave([group], channel))

    async def leave(self, left: Iterable[str], channel: str) -> None:
        """Remove a channel from groups; those without members here are unsubscribed."""
        empty = []
        for group in left:
            await self.memory.group_discard(group, channel)
            if group not in self.memory.groups:
                empty.append(groups.wire_name(group))
        redis = self._linked()
        if redis is not None:
            parts = redis.by_link(empty)
            for link, part in parts.items():
                link.forget(part)  # all before the first wait: who joins meanwhile subscribes anew
            for link, part in parts.items():
                await link.leave(part)

    async def flush(self) -> None:
        """Forget all groups and close the connections; both come back with the next use."""
        await home.run_at_home(self._flush())

    async def _flush(self) -> None:
        await self.memory.flush()
        if self._redis is not None:
            await asyncio.gather(*(link.close() for link in self._redis.links))
            self._redis = None

    close = flush
