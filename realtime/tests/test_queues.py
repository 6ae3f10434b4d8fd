"""What services that used in-memory queues expect of the queues of realtime.sse."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from realtime import cursor, home, log, process, sse
from realtime.api import asend_to_session
from realtime.database import in_database
from realtime.events import Event, encode
from realtime.groups import session
from realtime.process import Process
from realtime.tests.conftest import until, use_redis
from realtime.tests.queues import WITHIN_SECONDS, patience, send, subscribers, take, waiting_get  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


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
    queue._cursor._announce_news()
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


async def test_what_has_no_number_comes_to_a_reader_that_waits(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    reading = await waiting_get(queue, in_memory)
    await asend_to_session("s-1", "typing", {"i": 0}, durable=False)
    assert (await asyncio.wait_for(reading, WITHIN_SECONDS)) == {"type": "typing", "i": 0}


async def test_of_what_has_no_number_a_page_is_kept_for_a_reader_that_pauses(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    reading = await waiting_get(queue, in_memory)
    reading.cancel()
    for i in range(cursor.PAGE_EVENTS + 5):
        await asend_to_session("s-1", "typing", {"i": i}, durable=False)
    assert [queue.get_nowait()["i"] for _ in range(cursor.PAGE_EVENTS)] == list(range(cursor.PAGE_EVENTS))
    with pytest.raises(asyncio.QueueEmpty):
        queue.get_nowait()


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
    monkeypatch.setattr(home, "_home", None)
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
    await home.current().run(process.current().stop())


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
