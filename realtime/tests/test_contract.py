"""The promises of the Python API, over Redis, in memory and degraded."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction

from realtime import api, log
from realtime.api import Event, Missed, ReceivedEvent
from realtime.database import in_database
from realtime.delivery import catch_up
from realtime.events import encode
from realtime.groups import BROADCAST, Channel, session
from realtime.process import Process
from realtime.tests.conftest import until, until_opened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("each_layer")]


@asynccontextmanager
async def reading(process: Process, **subscription: Any) -> AsyncIterator[list[ReceivedEvent]]:
    """A list that fills with what a subscription brings; open on entry."""
    received: list[ReceivedEvent] = []
    before = sum(len(feed.subscribers) for feed in process.relay.feeds.values())

    async def read() -> None:
        async for event in api.subscribe(**subscription):
            received.append(event)

    task = asyncio.create_task(read())
    await until_opened(process, before + 1)
    yield received
    task.cancel()
    await asyncio.wait([task])


async def in_own_thread(job: Callable[..., None], *arguments: object) -> None:
    """Run a job on a thread that the product does not know, which leaves no connection behind."""

    def run() -> None:
        try:
            job(*arguments)
        finally:
            connection.close()

    await asyncio.to_thread(run)


async def test_event_arrives_with_its_id(each_layer: Process) -> None:
    async with reading(each_layer, session="s-1") as received:
        number = await api.asend_to_session("s-1", "new_message", {"content": "你好"}, source="ai_chatbot")
        await until(lambda: received)
    [event] = received
    assert (event.id, event.type, event.payload, event.source) == (
        number,
        "new_message",
        {"content": "你好"},
        "ai_chatbot",
    )


async def test_every_subscriber_gets_every_event(each_layer: Process) -> None:
    async with reading(each_layer, session="s-1") as first, reading(each_layer, session="s-1") as second:
        await api.asend_to_session("s-1", "tick", {})
        await until(lambda: first and second)


async def test_replay_then_live_without_a_seam(each_layer: Process) -> None:
    for i in range(3):
        await api.asend_to_session("s-1", "tick", {"i": i})
    async with reading(each_layer, session="s-1", after=1) as received:
        await api.asend_to_session("s-1", "tick", {"i": 3})
        await until(lambda: len(received) == 3)
    assert [event.id for event in received] == [2, 3, 4]


async def test_a_channel_that_nobody_reads_any_more_costs_no_reads(each_layer: Process) -> None:
    """A reader that left for a moment does not make its process catch up with what it may never ask for."""
    async with reading(each_layer, session="s-1"):
        pass
    await until(lambda: not each_layer.relay.feeds[session("s-1")].subscribers)
    async with reading(each_layer, session="s-2") as received:
        with mock.patch("realtime.log.read", wraps=log.read) as read:
            await in_database(write_unpublished, [session("s-1"), session("s-2")])
            await until(lambda: received)
    assert [list(call.args[0]) for call in read.call_args_list] == [[session("s-2")]]
    async with reading(each_layer, session="s-1", after=0) as back:
        await until(lambda: back)


async def test_many_channels_that_moved_at_once_are_read_in_parts(
    each_layer: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "CHANNELS_A_READ", 3)
    names = [f"s-{number}" for number in range(8)]
    async with AsyncExitStack() as stack:
        all_received = [await stack.enter_async_context(reading(each_layer, session=name)) for name in names]
        with mock.patch("realtime.log.read", wraps=log.read) as read:
            await in_database(write_unpublished, [session(name) for name in names])
            await until(lambda: all(all_received))
    assert all(len(received) == 1 for received in all_received)
    assert max(len(call.args[0]) for call in read.call_args_list) == 3


def write_unpublished(channels: list[Channel]) -> None:
    """As a process that dies right after its commit."""
    data = encode(Event("tick", {}))
    with transaction.atomic():
        log.append([(channel, "tick", data) for channel in channels])


async def test_position_that_is_not_in_the_log_is_told(each_layer: Process) -> None:
    with pytest.raises(Missed):
        await anext(api.subscribe(session="s-1", after=99))


async def test_ephemeral_event_arrives_once_and_has_no_id(each_layer: Process) -> None:
    async with reading(each_layer, session="s-1") as received:
        await api.asend_to_session("s-1", "typing", {"role": "agent"}, durable=False)
        await api.asend_to_session("s-1", "tick", {})
        await until(lambda: any(event.type == "tick" for event in received))
        await until(lambda: any(event.type == "typing" for event in received))
    assert sorted((event.type, event.id) for event in received if event.id is None) == [("typing", None)]


async def test_order_holds_over_many_threads(each_layer: Process) -> None:
    def send(worker: int) -> None:
        for i in range(20):
            api.send_to_session("s-1", "tick", {"worker": worker, "i": i})

    async with reading(each_layer, session="s-1") as received:
        await asyncio.gather(*(in_own_thread(send, worker) for worker in range(4)))
        await until(lambda: len(received) == 80)
    assert [event.id for event in received] == list(range(1, 81))
    for worker in range(4):
        assert [e.payload["i"] for e in received if e.payload["worker"] == worker] == list(range(20))


async def test_rolled_back_event_is_never_sent(each_layer: Process) -> None:
    def roll_back() -> None:
        with transaction.atomic():
            api.send_to_session("s-1", "tick", {"kept": False})
            transaction.set_rollback(True)

    async with reading(each_layer, session="s-1") as received:
        await in_database(roll_back)
        await api.asend_to_session("s-1", "tick", {"kept": True})
        await until(lambda: received)
    assert [event.payload for event in received] == [{"kept": True}]


async def test_event_is_sent_at_commit_not_before(each_layer: Process) -> None:
    written, commit = threading.Event(), threading.Event()

    def send_slowly() -> None:
        with transaction.atomic():
            api.send_to_session("s-1", "tick", {})
            written.set()
            assert commit.wait(10)

    async with reading(each_layer, session="s-1") as received:
        sending = asyncio.create_task(in_own_thread(send_slowly))
        await until(written.is_set)
        assert not received
        commit.set()
        await sending
        await until(lambda: received)


async def test_several_channels_come_over_one_subscription(each_layer: Process) -> None:
    async with reading(each_layer, session="s-1", broadcast=True) as received:
        await api.asend_many([(session("s-1"), Event("tick", {})), (BROADCAST, Event("tock", {}))])
        await until(lambda: len(received) == 2)
    assert {(event.channel, event.id) for event in received} == {("sse_session_s-1", 1), ("sse_broadcast", 1)}
