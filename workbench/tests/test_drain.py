"""The job that assigns: it wakes by what the desks are told, and by itself, and lets another process have its turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db.models.functions import Now

from chatbot.conversations.escalation import enqueue
from chatbot.conversations.events import desk_of
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import Assignment, Offer, Status, Team
from realtime import home, process
from realtime.api import Event, send_many
from realtime.database import in_database
from realtime.groups import Channel
from realtime.log import leases
from realtime.models import Lease
from workbench.access.agents import Agent
from workbench.actions.decline_offer import decline_offer
from workbench.assignment import drain
from workbench.assignment.drain import assign_sessions, wake_by_events
from workbench.assignment.turn import LEASE, TURN
from workbench.tests.ableness import make_able
from workbench.tests.agent import add_session
from workbench.waking import waking

DEADLINE_SECONDS = 20.0
NEVER_SECONDS = 1_000.0


def set_up(*agents: str) -> None:
    Team.objects.filter(is_default=True).update(assignment=Assignment.OFFER)
    for agent in agents:
        make_able(agent)


def open_offers() -> list[str]:
    return list(Offer.objects.filter(ended_at=None).values_list("receiver__username", flat=True))


def ask_for_an_agent() -> None:
    add_session(status=Status.BOT_ACTIVE)
    with transaction.atomic():
        locked = lock_session("s-1")
        send_many(enqueue(locked.session, actor=CUSTOMER, reason="", now=locked.now)[1])


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await in_database(holds):
            await asyncio.sleep(0.01)


@pytest.fixture
async def jobs(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Both jobs in a process of their own, which looks by itself only where a test lets it."""
    monkeypatch.setattr(home, "_home", home.Home(asyncio.get_running_loop()))
    monkeypatch.setattr(drain, "LOOK_SECONDS", NEVER_SECONDS)
    runtime = await process.start()
    runtime.run_in_background(wake_by_events)
    await until_heard(desk_of(None))
    waking().clear()
    runtime.run_in_background(assign_sessions)
    yield
    await runtime.stop()


async def until_heard(desk: Channel) -> None:
    """What comes before a desk is listened to is found by looking, and these tests look seldom."""
    waking().clear()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not waking().is_set():
            await in_database(send_many, [(desk, Event("session_updated", {}))])
            await asyncio.sleep(0.02)


async def test_who_asks_is_offered_at_once(jobs: None) -> None:
    await in_database(set_up, "alice")
    await in_database(ask_for_an_agent)
    await until(lambda: open_offers() == ["alice"])


async def test_a_team_that_was_made_meanwhile_is_heard(jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "DESKS_SECONDS", 0.05)
    team = await in_database(Team.objects.create, name="Billing", assignment=Assignment.OFFER)
    await in_database(make_able, "alice", team=team)
    await in_database(add_session, team=team)
    waking().clear()
    tick = (desk_of(team.pk), Event("session_updated", {}))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await in_database(open_offers):  # it may not listen yet
            await in_database(send_many, [tick])
            await asyncio.sleep(0.02)


async def test_what_is_declined_is_offered_to_the_next_at_once(jobs: None) -> None:
    await in_database(set_up, "alice", "bob")
    await in_database(ask_for_an_agent)
    await until(open_offers)
    [first] = await in_database(open_offers)
    await in_database(decline, first)
    await until(lambda: open_offers() == [{"alice": "bob", "bob": "alice"}[first]])


async def test_what_no_event_tells_of_is_found_by_looking(jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_database(set_up, "alice")
    await in_database(add_session)
    monkeypatch.setattr(drain, "LOOK_SECONDS", 0.05)
    waking().set()  # ends the wait that has begun
    await until(lambda: open_offers() == ["alice"])
    await in_database(lambda: Offer.objects.update(expires_at=Now() - timedelta(seconds=1)))
    await until(lambda: Offer.objects.filter(end="expired").exists())


async def test_a_process_that_died_with_the_turn_is_not_waited_for(jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its lease runs out; then the work that was seen before is done without another event."""
    await in_database(set_up, "alice")
    await in_database(add_session)
    with monkeypatch.context() as patch:
        patch.setattr(leases, "HOLDER", "died")
        await in_database(leases.hold, LEASE, timedelta(hours=1))
    waking().set()
    await in_database(lambda: Lease.objects.update(until=Now() + TURN))
    await until(lambda: open_offers() == ["alice"])


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_gets_no_lock_keeps_back_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class LockNotAvailable(Exception):
        sqlstate = "55P03"

    def wait_for_a_lock() -> int:
        raise OperationalError("canceling statement due to lock timeout") from LockNotAvailable()

    set_up("alice")
    add_session()
    monkeypatch.setattr(drain, "SWEEPS", (wait_for_a_lock, *drain.SWEEPS))
    assert drain.look()
    assert open_offers() == ["alice"]


async def test_after_a_fault_it_goes_on(jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_database(set_up, "alice")
    await in_database(add_session)
    failed = asyncio.Event()

    def fail(**_: Any) -> bool:
        home.current().loop.call_soon_threadsafe(failed.set)
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(drain, "look", fail)
        waking().set()
        await asyncio.wait_for(failed.wait(), DEADLINE_SECONDS)
    waking().set()
    await until(lambda: open_offers() == ["alice"])


def decline(username: str) -> None:
    offer = Offer.objects.get(ended_at=None)
    decline_offer(offer_id=str(offer.pk), agent=Agent(User.objects.get(username=username), is_supervisor=False))
