"""Redis first, memory while Redis is away."""

import asyncio
import logging
from collections.abc import Collection, Sequence

from realtime import metrics
from realtime.layers.memory import MemoryLayer
from realtime.layers.protocol import Layer, Message, Receiver

logger = logging.getLogger(__name__)


class DegradingLayer:
    """A Layer over two others. What Redis brings is handed over by the memory layer: one path in, Redis or not.

    What Redis takes in time reaches the members everywhere, each once and in order. What it does not take in time is
    given up and handed to the members in this process, all of it and in order; but there it may overtake what is still
    on its way to Redis or back, or come a second time if Redis took it after all. Only numbered (durable) events have a
    promised order then.
    """

    def __init__(self, redis: Layer, memory: MemoryLayer) -> None:
        self._redis = redis
        self._memory = memory
        self._receiver: Receiver | None = None

    @property
    def reaches_others(self) -> bool:
        return self._redis.reaches_others

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        await self._memory.open(receiver)
        await self._redis.open(self)

    def publish(self, messages: Sequence[Message]) -> "asyncio.Future[Sequence[Message]]":
        sent = self._redis.publish(messages)
        sent.add_done_callback(self._hand_over_what_is_left)
        return sent

    def _hand_over_what_is_left(self, sent: "asyncio.Future[Sequence[Message]]") -> None:
        if not sent.cancelled():
            self._memory.hand_over(sent.result())

    async def join(self, channels: Collection[str]) -> bool:
        await self._memory.join(channels)
        return await self._redis.join(channels)

    def leave(self, channels: Collection[str]) -> None:
        self._memory.leave(channels)
        self._redis.leave([channel for channel in channels if not self._memory.has_members(channel)])

    async def close(self) -> None:
        await self._redis.close()
        await self._memory.close()

    # The receiver of Redis

    def take(self, messages: Sequence[Message]) -> None:
        self._memory.hand_over(messages)

    def link_changed(self, degraded_since: float | None) -> None:
        metrics.REDIS_UP.set(1 if degraded_since is None else 0)
        if degraded_since is None:
            logger.info("redis is in use")
        else:
            metrics.DEGRADATIONS.inc()
            logger.warning("redis is away, degraded to memory and the log")
        if self._receiver is not None:
            self._receiver.link_changed(degraded_since)
