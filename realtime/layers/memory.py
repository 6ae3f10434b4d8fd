"""The layer of one process: Channels' in-memory layer, in which the relay is one member among others."""

import asyncio
import time
from collections.abc import Collection, Sequence

from channels.layers import InMemoryChannelLayer

from realtime import metrics
from realtime.layers.protocol import Message, Receiver

# Channels' default of 100 drops silently in any burst. What overflows this is repaired from the log.
CAPACITY = 10_000
RELAY = "relay"


class MemoryLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """A Layer, and the place where Channels' own members of groups get messages, from Redis or this process."""

    reaches_others = False

    def __init__(self) -> None:
        super().__init__(capacity=CAPACITY)
        self._receiver: Receiver | None = None

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def publish(self, messages: Sequence[Message]) -> "asyncio.Future[Sequence[Message]]":
        self.hand_over(messages)
        nothing_left: asyncio.Future[Sequence[Message]] = asyncio.get_running_loop().create_future()
        nothing_left.set_result(())
        return nothing_left

    def hand_over(self, messages: Sequence[Message]) -> None:
        """Give messages to the members of their groups: to the relay all at once, to others through their queues."""
        for_relay = []
        for message in messages:
            for member in self.groups.get(message[0], ()):
                if member == RELAY:
                    for_relay.append(message)
                else:
                    self._queue(member, message)
        if for_relay and self._receiver is not None:
            self._receiver.take(for_relay)

    async def join(self, channels: Collection[str]) -> bool:
        for channel in channels:
            self.groups.setdefault(channel, {})[RELAY] = 0.0
        return True

    def leave(self, channels: Collection[str]) -> None:
        for channel in channels:
            members = self.groups.get(channel, {})
            members.pop(RELAY, None)
            if not members:
                self.groups.pop(channel, None)

    def has_members(self, channel: str) -> bool:
        return bool(self.groups.get(channel))

    async def close(self) -> None:
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
