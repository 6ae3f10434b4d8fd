"""The layer over one or more Redis servers: each channel has one of them."""

import asyncio
import functools
import logging
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from channels_redis.utils import _consistent_hash, decode_hosts

from realtime import groups, metrics
from realtime.layers.protocol import Message, Receiver
from realtime.layers.redis.link import Link
from realtime.layers.redis.writer import MAX_BATCH, WireMessage

logger = logging.getLogger(__name__)


class RedisLayer:
    """A Layer. Names channels as the contract says, and distributes them over servers as channels_redis does."""

    def __init__(self, hosts: list[Any]) -> None:
        self.links = [Link(host, self._take, self._changed) for host in decode_hosts(hosts)]
        self._receiver: Receiver | None = None
        self._degraded: bool | None = None  # None until a first attempt to connect has ended

    @property
    def reaches_others(self) -> bool:
        return self._degraded is False

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._begin()
        await asyncio.gather(*(link.wait_for_first_attempt() for link in self.links))

    def _begin(self) -> None:
        for link in self.links:
            link.begin()

    async def close(self) -> None:
        await asyncio.gather(*(link.close() for link in self.links))
        self._degraded = None

    # Messages out

    def publish(self, messages: Sequence[Message]) -> "asyncio.Future[Sequence[Message]]":
        self._begin()
        left: asyncio.Future[Sequence[Message]] = asyncio.get_running_loop().create_future()
        sent = [
            (part[start : start + MAX_BATCH], _send(link, part[start : start + MAX_BATCH]))
            for link, part in self._by_link(messages).items()
            for start in range(0, len(part), MAX_BATCH)
        ]

        def settle(_: object = None) -> None:
            if all(taken.done() for _, taken in sent) and not left.done():
                left.set_result([message for part, taken in sent if not _is_taken(taken) for message in part])

        for _, taken in sent:
            taken.add_done_callback(settle)
        if not sent:
            settle()
        return left

    # Channels

    async def join(self, channels: Collection[str]) -> bool:
        self._begin()
        parts = self._by_link((channel,) for channel in channels)
        joins = (link.reader.join([groups.wire_name(channel) for (channel,) in part]) for link, part in parts.items())
        return all(await asyncio.gather(*joins))

    def leave(self, channels: Collection[str]) -> None:
        for link, part in self._by_link((channel,) for channel in channels).items():
            link.reader.leave([groups.wire_name(channel) for (channel,) in part])

    def _by_link(self, items: Iterable[Any]) -> dict[Link, list[Any]]:
        """Sort items by the server that carries their channel, which each begins with."""
        sorted_out: dict[Link, list[Any]] = {}
        for item in items:
            link = self.links[_consistent_hash(groups.wire_name(item[0]), len(self.links))]
            sorted_out.setdefault(link, []).append(item)
        return sorted_out

    # What the links tell

    def _take(self, messages: Sequence[WireMessage]) -> None:
        if self._receiver is None:
            return
        try:
            self._receiver.take([(groups.from_wire(wire), data) for wire, data in messages])
        except Exception:  # it would end the connection, from which it was called
            logger.exception("could not take what redis brought, the log has it")

    def _changed(self) -> None:
        states = [link.up for link in self.links]
        degraded = False in states
        if degraded is self._degraded or (None in states and not degraded):
            return
        self._degraded = degraded
        if self._receiver is not None:
            self._receiver.link_changed(time.time() if degraded else None)


def _send(link: Link, messages: Sequence[Message]) -> asyncio.Future[bool]:
    taken = link.writer.send([(groups.wire_name(channel), data) for channel, data in messages])
    taken.add_done_callback(functools.partial(_measure, len(messages), time.perf_counter()))
    return taken


def _measure(count: int, started: float, taken: asyncio.Future[bool]) -> None:
    if _is_taken(taken):
        metrics.PUBLISH_SECONDS.observe(time.perf_counter() - started)
        metrics.PUBLISHED.inc(count)
    else:
        metrics.PUBLISH_FAILURES.inc(count)


def _is_taken(taken: asyncio.Future[bool]) -> bool:
    return not taken.cancelled() and taken.result()
