"""What services that used in-memory queues expect of the queues of realtime.sse."""

import asyncio
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from realtime import api, cursor, database, home, log, process, retention, sse
from realtime.api import Missed, asend_to_session
from realtime.database import in_database, read_database
from realtime.database_threads import BlockingJob
from realtime.events import Event, encode
from realtime.groups import session
from realtime.models import ChannelHead, LoggedEvent
from realtime.process import Process
from realtime.tests.conftest import until, use_redis

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN_SECONDS = 20.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No queues of other tests, and no limit that a busy machine could reach."""
    monkeypatch.setattr(database, "MAX_PAUSE_SECONDS", WITHIN_SECONDS)
    monkeypatch.setattr(database, "_may_pause_at", 0.0)
    monkeypatch.setattr(sse, "_queues", {})


async def take(queue: sse.SSEQueue, count: int) -> list[Any]:
    """The `i` of the next payloads."""
    async with asyncio.timeout(WITHIN_SECONDS):
        return [(await queue.get())["i"] for _ in range(count)]


async def send(*numbers: int) -> None:
    """Send as somebody else does."""
    for i in numbers:
        await asend_to_session("s-1", "tick", {"i": i})


def subscribers(process: Process) -> int:
    return sum(len(feed.subscribers) for feed in process.relay._feeds.values())


async def waiting_get(queue: sse.SSEQueue, process: Process) -> asyncio.Task[Any]:
    """A `get` that waits for what is not there yet."""
    task = asyncio.create_task(queue.get())
    await until(lambda: subscribers(process) and queue._cursor._waiting and not queue._cursor._may_be_more)
    return task


# Reading


async def test_what_is_put_is_gotten_in_order(each_layer: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    for i in range(3):
        await queue.put({"i": i})
    assert await take(queue, 3) == [0, 1, 2]


async def test_what_comes_between_two_gets_is_not_lost(each_layer: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    for i in range(10):
        reading = await waiting_get(queue, each_layer)
        await send(2 * i, 2 * i + 1)
        assert (await asyncio.wait_for(reading, WITHIN_SECONDS))["i"] == 2 * i
        assert await take(queue, 1) == [2 * i + 1]


async def test_a_queue_begins_where_it_is_made(in_memory: Process) -> None:
    await send(1)
    queue = sse.get_or_create_sse_queue("s-1")
    await send(2)
    assert await take(queue, 1) == [2]


async def test_one_that_is_not_read_for_long_misses_nothing(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    data = encode(Event("tick", {"i": 0}))
    await in_database(append, [(session("s-1"), "tick", data)] * 1_500)
    assert len(await take(queue, 1_500)) == 1_500
    assert queue.empty()


def append(items: list[Any]) -> None:
    with transaction.atomic():
        log.append(items)


async def test_readers_of_one_queue_share_what_comes(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    parts = asyncio.gather(take(queue, 25), take(queue, 25))
    await send(*range(50))
    first, second = await parts
    assert sorted(first + second) == list(range(50))
    assert (first, second) == (sorted(first), sorted(second))


async def test_a_second_reader_hears_of_what_the_first_has_fetched_and_left(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    first, second = await waiting_get(queue, in_memory), await waiting_get(queue, in_memory)
    await in_database(append, [(session("s-1"), "tick", encode(Event("tick", {"i": i}))) for i in range(2)])
    queue._cursor._tell_of_more()
    assert {(await asyncio.wait_for(each, WITHIN_SECONDS))["i"] for each in (first, second)} == {0, 1}


@pytest.mark.parametrize("turns", range(12))
async def test_a_get_that_is_cancelled_takes_nothing(in_memory: Process, turns: int) -> None:
    """Services poll with asyncio.wait_for: it may end at any of the places where a `get` waits."""
    queue = sse.get_or_create_sse_queue("s-1")
    for i in range(10):
        reading = asyncio.create_task(queue.get())
        for _ in range(turns):
            await asyncio.sleep(0)
        sending = asyncio.create_task(send(i))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
        await sending
        taken = [] if reading.cancelled() else [reading.result()["i"]]
        assert taken + await take(queue, 1 - len(taken)) == [i]
    assert queue.empty()


async def test_polling_with_a_time_limit_gets_everything(on_redis: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    taken: list[int] = []
    sending = asyncio.create_task(send(*range(50)))
    while len(taken) < 50:
        try:
            taken.append((await asyncio.wait_for(queue.get(), 0.003))["i"])
        except TimeoutError:
            continue
    await sending
    assert taken == list(range(50))


async def test_every_subscriber_gets_every_payload(in_memory: Process) -> None:
    subscriptions = [sse.subscribe_sse_events("s-1") for _ in range(2)]
    await send(*range(30))
    for events in subscriptions:
        assert [(await anext(events))["i"] for _ in range(30)] == list(range(30))
        await events.aclose()
    await until(lambda: not subscribers(in_memory))


async def test_the_payload_comes_as_it_was_put(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    payloads: list[dict[str, Any]] = [
        {"type": "message", "text": "hi"},
        {"type": "new_message", "a": [1]},
        {"type": "No Type"},
        {"b": None},
    ]
    for payload in payloads:
        await queue.put(payload)
    assert [await queue.get() for _ in payloads] == payloads


async def test_what_has_no_number_comes_to_whoever_waits(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    reading = await waiting_get(queue, in_memory)
    await asend_to_session("s-1", "typing", {"i": 0}, durable=False)
    assert (await asyncio.wait_for(reading, WITHIN_SECONDS)) == {"type": "typing", "i": 0}


# Without waiting


async def test_nowait_in_a_loop(in_memory: Process) -> None:
    check_nowait(sse.get_or_create_sse_queue("s-1"))


def test_nowait_without_a_loop() -> None:
    check_nowait(sse.get_or_create_sse_queue("s-1"))


def check_nowait(queue: sse.SSEQueue) -> None:
    assert (queue.empty(), queue.full(), queue.qsize()) == (True, False, 0)
    with pytest.raises(asyncio.QueueEmpty):
        queue.get_nowait()
    for i in range(30):
        queue.put_nowait({"i": i})
    assert (queue.empty(), queue.full(), queue.qsize()) == (False, False, 30)
    assert [queue.get_nowait()["i"] for _ in range(30)] == list(range(30))
    with pytest.raises(asyncio.QueueEmpty):
        queue.get_nowait()


async def test_nowait_sees_what_others_sent(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    await send(*range(25))
    assert queue.qsize() == 25
    assert [queue.get_nowait()["i"] for _ in range(5)] == list(range(5))
    assert queue.qsize() == 20
    assert await take(queue, 20) == list(range(5, 25))


async def test_put_nowait_wakes_who_waits(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    reading = await waiting_get(queue, in_memory)
    queue.put_nowait({"i": 1})
    assert (await asyncio.wait_for(reading, WITHIN_SECONDS))["i"] == 1


def test_put_nowait_without_a_loop_is_part_of_the_callers_transaction() -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    with transaction.atomic():
        queue.put_nowait({"i": 1})
        transaction.set_rollback(True)
    assert queue.empty()


async def test_put_nowait_refuses_what_is_not_json(in_memory: Process) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        sse.get_or_create_sse_queue("s-1").put_nowait({"i": object()})


# Other loops


async def test_threads_with_loops_of_their_own_share_a_queue(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    parts = [asyncio.to_thread(lambda: [asyncio.run(take(queue, 1))[0] for _ in range(20)]) for _ in range(2)]
    reading = asyncio.gather(*parts)
    await send(*range(40))
    first, second = await reading
    assert sorted(first + second) == list(range(40))


async def test_a_reader_outlives_the_loop_that_told_it_of_news(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no server runs the relay lives in the loop that came first, and that may end."""
    use_redis(settings)
    monkeypatch.setattr(cursor, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(home, "_loop", None)
    queue = sse.get_or_create_sse_queue("s-1")
    with short_lived_home():
        reading = asyncio.create_task(take(queue, 2))
        await until(lambda: queue._cursor._watch is not None)
        await send(1)
        await until(lambda: queue._cursor._reached == 1)
    await send(2)
    assert await reading == [1, 2]
    queue.close()
    await until(lambda: queue._cursor._watch is None or queue._cursor._watch.done())
    await home.run_at_home(process.current().stop())


@contextmanager
def short_lived_home() -> Iterator[None]:
    """A thread whose loop is the home loop."""
    adopted, end = threading.Event(), threading.Event()

    async def live() -> None:
        home.adopt_running_loop()
        adopted.set()
        while not end.is_set():
            await asyncio.sleep(0.005)

    thread = threading.Thread(target=asyncio.run, args=[live()])
    thread.start()
    assert adopted.wait(WITHIN_SECONDS)
    try:
        yield
    finally:
        end.set()
        thread.join()


# What is gone


async def test_what_was_pruned_is_told_and_the_rest_comes(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    await send(*range(1, 11))
    assert await take(queue, 0) == []
    await in_database(retention.cut, session("s-1"), 4)
    with pytest.raises(Missed, match="sse_session_s-1"):
        await queue.get()
    assert await take(queue, 6) == [5, 6, 7, 8, 9, 10]


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
    monkeypatch.setattr(database, "_may_pause_at", 0.0)  # on a busy machine to make the queue may have taken it
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
    monkeypatch.setattr(cursor, "_may_log_at", 0.0)
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
    assert not in_memory.relay._feeds
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
