"""Customers who have a stream are here: written once that has settled, whatever opens, closes, fails or dies."""

from collections.abc import Collection, Set
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from chatbot.conversations import events, lost_presence, presence, presence_keeper
from chatbot.conversations.lost_presence import forget_lost_holders
from chatbot.conversations.presence_keeper import HOLD_SECONDS, PresenceKeeper
from chatbot.customers.presence import GRACE_SECONDS
from chatbot.models import PRESENCE_LEASE, ChatSession, Presence, PresenceHolder, Status
from chatbot.tests.customer import make_session
from chatbot.tests.database import count_queries
from chatbot.tests.people import make_agent
from realtime.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)

Told = list[tuple[str, dict[str, Any]]]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def change(holder: str, *, came: Collection[str], went: Collection[str]) -> Set[str] | None:
    """As it is at this moment: a test may have broken it."""
    return presence.change(holder, came=came, went=went)


def keeper_of(holder: str, clock: Clock) -> PresenceKeeper:
    return PresenceKeeper(change, GRACE_SECONDS, holder, clock)


@pytest.fixture
def keeper(clock: Clock) -> PresenceKeeper:
    make_session("s-1", status=Status.PENDING_MANUAL)
    return keeper_of("p-1", clock)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Channels and payloads of what is sent."""
    sent: Told = []

    def send_many(items: Collection[events.Outgoing]) -> None:
        sent.extend((str(channel), dict(event.payload)) for channel, event in items)

    for module in (presence, lost_presence):
        monkeypatch.setattr(module, "send_many", send_many)
    return sent


def news(online: bool, name: str = "s-1") -> dict[str, Any]:
    return {"session_name": name, "customer_online": online}


def here() -> set[str]:
    sessions = list(ChatSession.objects.all())
    found = presence.present(sessions)
    return {session.name for session in sessions if session.pk in found}


def lose(holder: str) -> None:
    """The process was killed half a minute ago."""
    PresenceHolder.objects.filter(name=holder).update(lease_until=Now() - timedelta(seconds=1))


async def test_who_has_a_stream_is_here(keeper: PresenceKeeper, told: Told) -> None:
    await keeper.look({"s-1"})
    assert await in_database(here) == {"s-1"}
    assert told == [("sse_broadcast", news(True))]


async def test_what_stays_as_it_is_costs_no_query(keeper: PresenceKeeper) -> None:
    await keeper.look({"s-1"})
    assert await count_queries(lambda: keeper.look({"s-1"})) == []


async def test_a_process_without_customers_writes_nothing(keeper: PresenceKeeper) -> None:
    assert await count_queries(lambda: keeper.look(set())) == []


async def test_a_lease_is_one_statement(keeper: PresenceKeeper, clock: Clock) -> None:
    await keeper.look({"s-1"})
    clock.now += HOLD_SECONDS
    assert len(await count_queries(lambda: keeper.look({"s-1"}))) == 1


async def test_a_reload_writes_nothing_and_tells_nobody(keeper: PresenceKeeper, clock: Clock, told: Told) -> None:
    await keeper.look({"s-1"})
    told.clear()

    async def reload() -> None:
        await keeper.look(set())
        clock.now += GRACE_SECONDS - 0.1
        await keeper.look(set())
        await keeper.look({"s-1"})
        clock.now += GRACE_SECONDS - 0.1  # a second reload has its own time
        await keeper.look(set())

    statements = await count_queries(reload)
    assert [sql for sql in statements if "presenceholder" not in sql] == []
    assert told == []


async def test_who_is_gone_for_longer_is_not_here(keeper: PresenceKeeper, clock: Clock, told: Told) -> None:
    await keeper.look({"s-1"})
    await keeper.look(set())
    clock.now += GRACE_SECONDS
    await keeper.look(set())
    assert await in_database(here) == set()
    assert told[-1] == ("sse_broadcast", news(False))


@pytest.mark.parametrize(
    ("status", "assignee", "channels"),
    [
        (Status.BOT_ACTIVE, None, []),
        (Status.CLOSED, None, []),
        (Status.PENDING_MANUAL, None, ["sse_broadcast"]),
        (Status.MANUAL_LIVE, "alice", ["sse_agent_alice"]),
    ],
)
def test_only_agents_who_look_at_it_are_told(
    told: Told, status: Status, assignee: str | None, channels: list[str]
) -> None:
    make_session("s-1", status=status, assignee=make_agent(assignee) if assignee else None)
    presence.hold("p-1")
    presence.change("p-1", came={"s-1"}, went=())
    presence.change("p-1", came=(), went={"s-1"})
    assert told == [(channel, news(online)) for online in (True, False) for channel in channels]


async def test_who_moves_to_another_process_has_not_been_away(keeper: PresenceKeeper, clock: Clock, told: Told) -> None:
    other = keeper_of("p-2", clock)
    await keeper.look({"s-1"})
    told.clear()
    await other.look({"s-1"})
    await keeper.look(set())
    clock.now += GRACE_SECONDS
    await keeper.look(set())
    assert await in_database(here) == {"s-1"}
    assert told == []


async def test_what_could_not_be_written_is_written_at_the_next_look(
    keeper: PresenceKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(presence, "change", fail)
        with pytest.raises(OperationalError):
            await keeper.look({"s-1"})
    await keeper.look({"s-1"})
    assert await in_database(here) == {"s-1"}


async def test_who_could_not_be_noted_is_noted_by_the_next_look(
    keeper: PresenceKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has locked the session."""
    await in_database(make_session, "s-2")
    with monkeypatch.context() as locked:
        locked.setattr(presence, "share", lambda ids: sorted(ids)[:1])
        await keeper.look({"s-1", "s-2"})
    assert await in_database(here) == {"s-1"}
    assert keeper.written == {"s-1"}
    await keeper.look({"s-1", "s-2"})
    assert await in_database(here) == {"s-1", "s-2"}


async def test_a_change_that_was_written_but_seemed_to_fail_is_repeated(
    keeper: PresenceKeeper, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    change = presence.change

    def write_and_fail(*args: Any, **kwargs: Any) -> bool:
        change(*args, **kwargs)
        raise OperationalError("the connection was lost")

    with monkeypatch.context() as broken:
        broken.setattr(presence, "change", write_and_fail)
        with pytest.raises(OperationalError):
            await keeper.look({"s-1"})
    await keeper.look({"s-1"})
    await keeper.look(set())
    clock.now += GRACE_SECONDS
    await keeper.look(set())
    assert not await in_database(Presence.objects.exists)


async def test_many_are_written_in_parts(keeper: PresenceKeeper, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    monkeypatch.setattr(presence_keeper, "MAX_CHANGES", 2)
    names = {f"s-{n}" for n in range(1, 6)}
    for name in sorted(names - {"s-1"}):
        await in_database(make_session, name)
    await keeper.look(names)
    assert await in_database(here) == names


async def test_a_deleted_session_is_left_out(keeper: PresenceKeeper) -> None:
    await keeper.look({"s-1", "gone"})
    assert await in_database(here) == {"s-1"}


# Processes that die, or stand still


async def test_who_was_with_a_killed_process_is_gone(keeper: PresenceKeeper, told: Told) -> None:
    await keeper.look({"s-1"})
    await in_database(lose, "p-1")
    assert await in_database(here) == set()
    assert await in_database(presence.find_lost_holders) == ["p-1"]
    await in_database(forget_lost_holders)
    assert told[-1] == ("sse_broadcast", news(False))
    assert not await in_database(Presence.objects.exists)


async def test_who_came_back_to_another_process_is_not_told_of(
    keeper: PresenceKeeper, clock: Clock, told: Told
) -> None:
    other = keeper_of("p-2", clock)
    await keeper.look({"s-1"})
    await other.look({"s-1"})
    told.clear()
    await in_database(lose, "p-1")
    await in_database(forget_lost_holders)
    assert await in_database(here) == {"s-1"}
    assert told == []


async def test_a_process_that_goes_on_after_it_was_taken_for_dead_writes_all_again(
    keeper: PresenceKeeper, clock: Clock
) -> None:
    await keeper.look({"s-1"})
    await in_database(lose, "p-1")
    await in_database(forget_lost_holders)
    clock.now += HOLD_SECONDS
    await keeper.look({"s-1"})
    assert await in_database(here) == {"s-1"}


async def test_a_process_that_lost_its_lease_before_a_change_begins_anew(keeper: PresenceKeeper) -> None:
    await in_database(make_session, "s-2")
    await keeper.look({"s-1"})
    await in_database(PresenceHolder.objects.all().delete)
    await keeper.look({"s-1", "s-2"})
    await keeper.look({"s-1", "s-2"})
    assert await in_database(here) == {"s-1", "s-2"}


def test_a_clock_that_went_back_keeps_nobody_here() -> None:
    make_session("s-1")
    presence.hold("p-1")
    presence.change("p-1", came={"s-1"}, went=())
    PresenceHolder.objects.update(lease_until=Now() + timedelta(hours=1))
    assert here() == set()
    assert presence.find_lost_holders() == ["p-1"]


def test_who_is_noted_while_somebody_looks_is_here() -> None:
    """The look may have begun before the lease, and see it."""
    make_session("s-1")
    presence.hold("p-1")
    presence.change("p-1", came={"s-1"}, went=())
    PresenceHolder.objects.update(lease_until=Now() + PRESENCE_LEASE + timedelta(seconds=1))
    assert here() == {"s-1"}
    assert presence.find_lost_holders() == []


def test_it_is_told_to_open_pages_only() -> None:
    """Nothing of it is logged: who comes later reads the state."""
    make_session("s-1", status=Status.PENDING_MANUAL)
    _, event = events.customer_presence(ChatSession.objects.get(), is_online=True)
    assert not event.durable
