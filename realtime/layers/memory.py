"""The layer of one process: Channels' in-memory layer, beside whose groups the relay joins channels."""

import asyncio
import time
from collections.abc import Collection, Sequence

from channels.layers import InMemoryChannelLayer

from realtime import metrics
from realtime.layers.protocol import Message, Receiver

# Channels' default of 100 drops silently in any burst. What overflows this is repaired from the log.
CAPACITY = 10_000


class MemoryLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """A Layer, and the place where Channels' own members of groups get messages, from Redis or this process."""

    reaches_others = False

    def __init__(self) -> None:
        super().__init__(capacity=CAPACITY)
        self._receiver: Receiver | None = None
        self._joined: dict[str, None] = {}  # as members of groups they would take three times as much

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def publish(self, messages: Sequence[Message]) -> "asyncio.Future[Sequence[Message]]":
        self.hand_over(messages)
        nothing_left: asyncio.Future[Sequence[Message]] = asyncio.get_running_loop().create_future()
        nothing_left.set_result(())
        return nothing_left

    def hand_over(self, messages: Sequence[Message]) -> None:
        """Give messages to the relay, all at once, and to the members of their groups, through their queues."""
        for_relay = []
        for message in messages:
            if message[0] in self._joined:
                for_relay.append(message)
            for member in self.groups.get(message[0], ()):
                self._queue(member, message)
        if for_relay and self._receiver is not None:
            self._receiver.take(for_relay)

    async def join(self, channels: Collection[str]) -> bool:
        self._joined.update(dict.fromkeys(channels))
        return True

    def leave(self, channels: Collection[str]) -> None:
        for channel in channels:
            self._joined.pop(channel, None)

    def has_members(self, channel: str) -> bool:
        return channel in self._joined or bool(self.groups.get(channel))

    async def close(self) -> None:
        self._joined.clear()
        await self.flush()

    def _queue(self, member: str, message: Message) -> None:
        queue = self.channels.setdefault(member, asyncio.Queue(maxsize=self.get_capacity(member)))
        if queue.full():
            metrics.DROPPED.labels("layer_queue_full").inc()
        else:
            queue.put_nowait((time.time() + self.expiry, {"data": message[1]}))

    def _clean_expired(self) -> None:
        """Nothing: Channels' sweep over all groups at each message takes 0.5 ms at 5,000, and it would drop members
        after a day, while their streams are still open."""
