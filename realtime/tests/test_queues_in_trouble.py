"""Queues whose events are gone, whose database hangs, and that nobody reads."""

import asyncio
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from realtime import api, cursor, database, log, sse
from realtime.api import Missed, asend_to_session
from realtime.database import in_database, read_database
from realtime.database.threads import BlockingJob
from realtime.groups import session
from realtime.log import retention
from realtime.models import ChannelHead, LoggedEvent
from realtime.process import Process
from realtime.tests.conftest import until
from realtime.tests.queues import WITHIN_SECONDS, patience, send, subscribers, take, waiting_get  # noqa: F401
from realtime.throttled_log import ThrottledLog

pytestmark = pytest.mark.django_db(transaction=True)


# What is gone


async def test_what_was_pruned_is_told_and_the_rest_comes(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    await send(*range(1, 11))
    assert await take(queue, 0) == []
    await in_database(retention.cut, session("s-1"), 4)
    with pytest.raises(Missed, match="sse_session_s-1"):
        await queue.get()
    assert await take(queue, 6) == [5, 6, 7, 8, 9, 10]


async def test_what_was_pruned_is_told_once_however_much_it_is(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    last = 3 * cursor.PAGE_EVENTS
    await send(*range(1, last + 1))
    await in_database(retention.cut, session("s-1"), last - 1)
    with pytest.raises(Missed):
        await queue.get()
    assert await take(queue, 1) == [last]


async def test_what_is_pruned_between_the_two_reads_of_a_page_is_told(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = cursor.Cursor(lambda: session("s-1"))
    await send(1, 2, 3)
    read = log.read

    def read_what_is_left(ranges: Any) -> Any:
        retention.cut(session("s-1"), 2)
        return read(ranges)

    monkeypatch.setattr(log, "read", read_what_is_left)
    await in_database(place._fetch)
    missed, *events = place._fetched
    assert isinstance(missed, Missed)
    assert [event.number for event in events if not isinstance(event, Missed)] == [3]


async def test_a_queue_holds_a_page_however_much_waits_for_it(in_memory: Process) -> None:
    place = cursor.Cursor(lambda: session("s-1"))
    await send(*range(1, 3 * cursor.PAGE_EVENTS + 1))
    await in_database(place._fetch)
    assert len(place._fetched) == cursor.PAGE_EVENTS


async def test_what_another_reader_fetched_meanwhile_is_not_taken_twice(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`qsize` reads on the calling thread, while `get` reads on a database thread."""
    place = cursor.Cursor(lambda: session("s-1"))
    await send(1, 2, 3)
    read_page, is_first = cursor._read_page, True

    def read_slowly(*where: Any) -> Any:
        nonlocal is_first
        if is_first:
            is_first = False
            place._fetch()
        return read_page(*where)

    monkeypatch.setattr(cursor, "_read_page", read_slowly)
    await in_database(place._fetch)
    assert [event.number for event in place._fetched if not isinstance(event, Missed)] == [1, 2, 3]


async def test_a_cancelled_get_does_not_swallow_that_events_are_gone(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    await send(1, 2)
    await in_database(retention.cut, session("s-1"), 2)
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    with pytest.raises(Missed):
        await queue.get()


async def test_a_log_that_went_back_is_told(in_memory: Process) -> None:
    await send(1, 2)
    queue = sse.get_or_create_sse_queue("s-1")
    await in_database(ChannelHead.objects.update, last=1)
    await in_database(LoggedEvent.objects.filter(number=2).delete)
    with pytest.raises(Missed):
        await queue.get()
    await send(2)
    assert await take(queue, 1) == [2]


async def test_a_subscription_ends_with_what_is_gone(in_memory: Process) -> None:
    events = sse.subscribe_sse_events("s-1")
    await send(1, 2)
    await in_database(retention.cut, session("s-1"), 2)
    with pytest.raises(Missed):
        await anext(events)


# The database hangs or is away


@contextmanager
def database_hangs(purpose: str) -> Iterator[None]:
    """All its threads wait."""
    go_on, threads = threading.Event(), database._threads(purpose)
    for _ in range(threads.size):
        threads.put(BlockingJob(lambda: go_on.wait(WITHIN_SECONDS)))
    try:
        yield
    finally:
        go_on.set()


async def test_a_queue_made_while_the_database_hangs_begins_rather_early(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MAX_PAUSE_SECONDS", 0.01)
    await send(1)
    await in_database(LoggedEvent.objects.update, created_at=Now() - cursor.EARLIER * 60)
    with database_hangs("read"):
        queue = sse.get_or_create_sse_queue("s-1")
        await send(2)
    assert await take(queue, 1) == [2]


async def test_a_database_that_hangs_holds_the_loop_up_once_a_second(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    monkeypatch.setattr(database, "MAX_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(database, "NEXT_PAUSE_SECONDS", WITHIN_SECONDS)
    monkeypatch.setattr(database.Pauses, "may_begin_at", 0.0)  # on a busy machine to make the queue may have taken it
    put = mock.Mock(wraps=database._threads("read").put)
    with database_hangs("read"), mock.patch.object(database._threads("read"), "put", put):
        for _ in range(100):
            with pytest.raises(asyncio.QueueEmpty):
                queue.get_nowait()
    assert put.call_count == 1


async def test_put_nowait_is_refused_while_the_database_hangs(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    monkeypatch.setattr(database, "MAX_PAUSE_SECONDS", 0.01)
    with database_hangs("write"), pytest.raises(asyncio.QueueFull):
        queue.put_nowait({"i": 1})
    await in_database(lambda: None)
    assert await read_database(log.heads, [session("s-1")]) == {session("s-1"): log.Head()}


async def test_put_nowait_that_is_late_is_sent_once(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    go_on = threading.Event()

    def send_late(items: Any) -> Any:
        assert go_on.wait(WITHIN_SECONDS)
        return api.send_many(items)

    monkeypatch.setattr(database, "MAX_PAUSE_SECONDS", 0.1)
    with mock.patch.object(sse, "send_many", send_late):
        try:
            queue.put_nowait({"i": 1})
        except asyncio.QueueFull:  # a busy machine had not begun it
            await queue.put({"i": 1})
        go_on.set()
        assert await take(queue, 1) == [1]
    assert queue.empty()


async def test_a_get_waits_for_a_database_that_is_away(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cursor, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(cursor, "_faults", ThrottledLog())
    queue = sse.get_or_create_sse_queue("s-1")
    await send(1)
    faults = [OperationalError("the database is away")] * 5
    with mock.patch.object(log, "heads", side_effect=[*faults, {session("s-1"): log.Head(1)}]):
        assert await take(queue, 1) == [1]
    assert [record.name for record in caplog.records if record.name == cursor.__name__] == [cursor.__name__]


# What it costs


async def test_queues_that_nobody_reads_cost_nothing(in_memory: Process) -> None:
    queues = [sse.get_or_create_sse_queue(f"s-{number}") for number in range(1_000)]
    with mock.patch.object(log, "read", side_effect=AssertionError("read for nobody")):
        for number in range(0, 1_000, 100):
            await asend_to_session(f"s-{number}", "tick", {"i": number})
    assert not in_memory.relay.feeds
    for number in range(0, 1_000, 100):
        assert await take(queues[number], 1) == [number]


def test_a_queue_that_nobody_reads_is_small() -> None:
    sse.get_or_create_sse_queue("s-0")
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(100):
            sse.get_or_create_sse_queue(f"s-{number}")
        each = (tracemalloc.get_traced_memory()[0] - before) / 100
    finally:
        tracemalloc.stop()
    assert each < 3_000


async def test_a_queue_is_left_alone_once_nobody_reads_it(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor, "LINGER_SECONDS", 0.05)
    queue = sse.get_or_create_sse_queue("s-1")
    reading = await waiting_get(queue, in_memory)
    await queue.put({"i": 1})
    await reading
    await until(lambda: not subscribers(in_memory))
    await send(*range(2, 50))
    assert not queue._cursor._fetched
    assert await take(queue, 48) == list(range(2, 50))


async def test_removing_a_queue_frees_it(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    reading = await waiting_get(queue, in_memory)
    await queue.put({"i": 1})
    await reading
    sse.remove_sse_queue("s-1")
    await until(lambda: not subscribers(in_memory))
    assert sse.get_sse_queues() == {}


async def test_a_get_that_waits_goes_on_when_its_queue_is_removed(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    reading = await waiting_get(queue, in_memory)
    sse.remove_sse_queue("s-1")
    await send(1)
    assert (await asyncio.wait_for(reading, WITHIN_SECONDS))["i"] == 1
