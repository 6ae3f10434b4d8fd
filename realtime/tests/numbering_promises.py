"""What must hold where broadcast events are numbered after the commit; tests/sideways/ runs these on PostgreSQL.

Not collected by name: SQLite numbers everything at once.
"""

import asyncio
import functools
import json
import threading
from contextlib import aclosing
from unittest import mock

import pytest
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from harness.threads import THREADS, run_at_once
from realtime import api, log, process
from realtime.api import Event
from realtime.database import in_database, retry_on_deadlock
from realtime.events import Envelope
from realtime.groups import BROADCAST, session
from realtime.log import numbering
from realtime.models import ChannelHead
from realtime.process import Process

pytestmark = pytest.mark.django_db(transaction=True)


def announce(session_name: str, versions: int) -> None:
    """Status changes of one session, each an action of its own."""
    for version in range(1, versions + 1):
        with transaction.atomic():
            event = Event("tick", {"session": session_name, "version": version})
            api.send_many([(session(session_name), event), (BROADCAST, event)])


def test_a_lost_counter_goes_on_after_the_log() -> None:
    for _ in range(2):
        api.broadcast("tick", {})
    assert [event.number for event in broadcast_log()] == [1, 2]
    ChannelHead.objects.filter(channel=BROADCAST).delete()
    api.broadcast("tick", {})
    assert [event.number for event in broadcast_log()] == [1, 2, 3]


def broadcast_log() -> list[Envelope]:
    """All events, after those that are being numbered at this moment."""
    process.current().numberer.number()
    return log.read({BROADCAST: (0, 1_000)})[BROADCAST]


def test_broadcast_events_are_numbered_without_holes_and_in_the_order_of_each_session() -> None:
    names = [f"s-{index}" for index in range(THREADS)]
    run_at_once(*[functools.partial(announce, name, 25) for name in names])
    events = broadcast_log()
    assert [(event.number, json.loads(event.data)["id"]) for event in events] == [
        (number, number) for number in range(1, 25 * THREADS + 1)
    ]
    for name in names:
        versions = [event.payload["version"] for event in events if event.payload["session"] == name]
        assert versions == list(range(1, 26))


def test_an_open_status_change_keeps_no_other_one_waiting() -> None:
    """With a number taken inside the transaction the second one would wait for the first one's end."""
    with transaction.atomic():
        api.send_many([(session("s-1"), Event("tick", {})), (BROADCAST, Event("tick", {}))])
        [done] = run_at_once(lambda: api.broadcast("tick", {}))
        assert done == 1
    assert len(broadcast_log()) == 2


def test_a_rolled_back_broadcast_event_leaves_nothing() -> None:
    with transaction.atomic():
        api.broadcast("tick", {})
        transaction.set_rollback(True)
    assert not numbering.is_waiting()


async def test_one_that_could_not_be_numbered_is_numbered_later(in_memory: Process) -> None:
    """The caller's own change is committed: after an error, or a second attempt, it would be done twice."""
    with mock.patch.object(numbering, "number_waiting", side_effect=OperationalError("the connection is lost")):
        await in_database(announce, "s-1", 1)
        await in_memory.flush()
        assert await in_database(numbering.is_waiting)
    async with asyncio.timeout(10), aclosing(api.subscribe(broadcast=True, after=0)) as events:
        assert (await anext(events)).id == 1


def test_outside_a_transaction_a_fault_of_numbering_is_not_the_callers() -> None:
    """After an error, or a second attempt as the victim of a deadlock, the event would be sent twice."""
    deadlock = OperationalError("deadlock detected")
    deadlock.__cause__ = DeadlockDetected()
    with mock.patch.object(numbering, "number_waiting", side_effect=deadlock):
        assert retry_on_deadlock(lambda: api.broadcast("tick", {})) is None
    assert [event.number for event in broadcast_log()] == [1]


def test_the_lock_is_not_waited_for_for_ever() -> None:
    def hold(is_held: threading.Barrier, may_end: threading.Event) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [numbering.LOCK])
            is_held.wait(10)
            assert may_end.wait(30)

    def number(is_held: threading.Barrier, may_end: threading.Event) -> None:
        is_held.wait(10)
        try:
            assert api.broadcast("tick", {}) is None
        finally:
            may_end.set()

    shared = threading.Barrier(2), threading.Event()
    assert run_at_once(lambda: hold(*shared), lambda: number(*shared)) == [None, None]


async def test_flush_waits_for_what_is_being_numbered(in_memory: Process) -> None:
    with mock.patch.object(in_memory.layer, "publish", wraps=in_memory.layer.publish) as send:
        await in_database(announce, "s-1", 1)
        await in_memory.flush()
    sent = [channel for call in send.call_args_list for channel, _ in call.args[0]]
    assert sorted(sent) == [BROADCAST, session("s-1")]


async def test_what_a_dead_process_left_without_a_number_is_delivered(in_memory: Process) -> None:
    with mock.patch.object(in_memory.numberer, "soon"):
        await in_database(announce, "s-1", 2)
    async with asyncio.timeout(10), aclosing(api.subscribe(broadcast=True, after=0)) as events:
        received = [await anext(events), await anext(events)]
    assert [(event.id, event.payload["version"]) for event in received] == [(1, 1), (2, 2)]
