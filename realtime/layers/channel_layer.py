"""The CHANNEL_LAYERS backend: Channels' API over our layers, for consumers and other code that uses groups."""

import asyncio
import json
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

from realtime import home, metrics
from realtime.events import read_object
from realtime.layers.degrading import DegradingLayer
from realtime.layers.memory import MemoryLayer
from realtime.layers.protocol import Layer
from realtime.layers.redis.layer import RedisLayer

SEND_SECONDS = 0.3


class DegradingChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """Channels' Redis Pub/Sub layer with the contract's names and bytes, that degrades to Channels' memory layer.

    The base class hands each call of Channels' API to what `_get_layer` returns. `layer` is what the relay uses.
    `group_send` takes at most 300 ms and never raises for Redis' sake. A group's message is an envelope; on Redis it
    is exactly its JSON. `send` reaches channels of this process.
    """

    def __init__(self, hosts: list[Any] | None = None) -> None:
        super().__init__(hosts=hosts or [], serializer_format="json")
        memory = MemoryLayer()
        redis = RedisLayer(hosts) if hosts else None
        self.layer: Layer = DegradingLayer(redis, memory) if redis else memory
        self.has_redis = redis is not None
        self._groups = Groups(self.layer, memory, redis)

    def _get_layer(self) -> "Groups":
        return self._groups


class Groups:
    """Channels' API. Calls from other loops than the home loop are carried there."""

    extensions = ["groups", "flush"]

    def __init__(self, layer: Layer, memory: MemoryLayer, redis: RedisLayer | None) -> None:
        self._layer = layer
        self._memory = memory
        self._redis = redis

    async def new_channel(self, prefix: str = "specific.") -> str:
        name: str = await self._memory.new_channel(prefix)
        return name

    async def group_add(self, group: str, channel: str) -> None:
        """Make a channel of this process a member; Redis has acknowledged it on return, unless it is away."""
        await home.current().run(self._add(group, channel))

    async def _add(self, group: str, channel: str) -> None:
        await self._memory.group_add(group, channel)
        if self._redis is not None:
            await self._redis.join([group])

    async def group_discard(self, group: str, channel: str) -> None:
        await home.current().run(self._discard(group, channel))

    async def _discard(self, group: str, channel: str) -> None:
        await self._memory.group_discard(group, channel)
        if self._redis is not None and not self._memory.has_members(group):
            self._redis.leave([group])

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send an envelope (a dict with type and payload) to a group, in this and in all other processes."""
        self._memory.require_valid_group_name(group)
        data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        await home.current().run(self._send_to_group(group, data))

    async def _send_to_group(self, group: str, data: bytes) -> None:
        await asyncio.wait([self._layer.publish([(group, data)])], timeout=SEND_SECONDS)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Send to one channel of this process."""
        await home.current().run(self._memory.send(channel, message))

    async def receive(self, channel: str) -> dict[str, Any]:
        """The next message of a channel, decoded. Malformed ones are counted and dropped."""
        return await home.current().run(self._receive(channel))

    async def _receive(self, channel: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self._memory.receive(channel)
            if "data" not in message:
                return message
            try:
                return read_object(message["data"])
            except ValueError:
                metrics.DROPPED.labels("malformed").inc()

    async def flush(self) -> None:
        """Forget all groups and close the connections; both come back with the next use."""
        await home.current().run(self._layer.close())
