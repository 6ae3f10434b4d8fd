"""Four cases in which stock django-eventstream 5.3.4 loses events, or sends what never was (realtime/README.md)."""

import threading
from contextlib import aclosing

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from harness.proxy import Proxy
from realtime import api, log, process
from realtime.database import in_database
from realtime.groups import session
from realtime.models import LoggedEvent
from realtime.process import Process
from realtime.tests.conftest import until, use_redis
from realtime.tests.test_contract import reading
from realtime.tests.test_stream import Client, connected

pytestmark = pytest.mark.django_db(transaction=True)

BACK_SECONDS = 5.0


async def test_who_listens_while_redis_is_away_hears_what_was_sent_meanwhile_and_after(
    settings: Settings, proxy: Proxy, fresh_process: None
) -> None:
    """Stock: its listener ends with the connection and is deaf for good."""
    use_redis(settings, f"redis://127.0.0.1:{proxy.port}")
    runtime = await process.start()
    async with reading(runtime, session="s-1") as received:
        proxy.freeze()
        await until(lambda: not runtime.layer.reaches_others, BACK_SECONDS)
        await api.asend_to_session("s-1", "tick", {"i": 1})
        proxy.thaw()
        await until(lambda: runtime.layer.reaches_others, BACK_SECONDS)
        await api.asend_to_session("s-1", "tick", {"i": 2})
        await until(lambda: len(received) == 2)
    assert [event.payload["i"] for event in received] == [1, 2]


async def test_an_event_of_a_transaction_that_is_rolled_back_is_not_sent(in_memory: Process) -> None:
    """Stock: published at once, whatever becomes of the transaction."""

    def change_nothing() -> None:
        with transaction.atomic():
            api.send_to_session("s-1", "tick", {"i": "rolled back"})
            transaction.set_rollback(True)

    async with reading(in_memory, session="s-1") as received:
        await in_database(change_nothing)
        await api.asend_to_session("s-1", "tick", {"i": "committed"})
        await until(lambda: received)
    assert [event.payload["i"] for event in received] == ["committed"]


async def test_a_log_that_lost_events_is_told(in_memory: Process) -> None:
    """Stock: event 4 follows event 1 without a word."""
    for i in range(1, 5):
        await api.asend_to_session("s-1", "tick", {"i": i})
    await in_database(lambda: LoggedEvent.objects.filter(number__in=(2, 3)).delete())
    async with connected(Client(headers=[(b"last-event-id", f"{session('s-1')}:1".encode())])) as client:
        await until(lambda: client.of_type("reset"))
    assert client.of_type("tick") == []


async def test_of_two_senders_that_cross_a_client_that_comes_back_misses_neither(in_memory: Process) -> None:
    """Stock: ids are taken before the commit, so who has seen the later one never gets the earlier."""
    has_written, may_commit = threading.Event(), threading.Event()

    def send_slowly() -> None:
        try:
            with transaction.atomic():
                api.send_to_session("s-1", "tick", {"i": "slow"})
                has_written.set()
                assert may_commit.wait(30)
        finally:
            connection.close()

    def send_beside() -> None:
        try:
            api.send_to_session("s-1", "tick", {"i": "beside"})
        finally:
            connection.close()

    slow, beside = threading.Thread(target=send_slowly), threading.Thread(target=send_beside)
    slow.start()
    assert has_written.wait(30)
    beside.start()
    assert (await in_database(log.heads, [session("s-1")]))[session("s-1")].last == 0  # nobody has seen either
    may_commit.set()
    slow.join()
    beside.join()
    async with aclosing(api.subscribe(session="s-1", after=0)) as events:
        received = [await anext(events), await anext(events)]
    assert [(event.id, event.payload["i"]) for event in received] == [(1, "slow"), (2, "beside")]
