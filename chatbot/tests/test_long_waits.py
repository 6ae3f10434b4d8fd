"""Who waits too long for his team is told, and is with the assistant again."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db.models.functions import Now

from chatbot.conversations import long_waits
from chatbot.conversations.teams import default_team
from chatbot.models import ChatSession, HistoryEntry, Message, Offer, OpeningHours, SessionInterval, Status, Team
from chatbot.tests.customer import Customer
from chatbot.tests.logged import types_on
from chatbot.tests.people import make_agent, make_team
from realtime import groups
from realtime.database import in_database

LIMIT = 600


def limit(seconds: int | None = LIMIT) -> None:
    Team.objects.filter(pk=default_team().pk).update(max_wait_seconds=seconds)


def wait_for(seconds: int) -> None:
    """Have all wait since so many seconds ago."""
    SessionInterval.objects.update(began_at=Now() - timedelta(seconds=seconds))


async def waiting(customer: Customer, *, seconds: int) -> str:
    name = await customer.start()
    await customer.escalate(name)
    await in_database(wait_for, seconds)
    return name


async def test_who_waits_too_long_is_told_and_with_the_bot_again(customer: Customer) -> None:
    await in_database(limit)
    name = await waiting(customer, seconds=LIMIT + 1)
    await long_waits.look()
    session = await in_database(ChatSession.objects.get)
    assert (session.status, session.waiting_since) == (Status.BOT_ACTIVE, None)
    notice = await in_database(lambda: Message.objects.order_by("-id")[0])
    assert "leave an e-mail address" in notice.content
    line = await in_database(lambda: HistoryEntry.objects.order_by("-id")[0])
    assert (line.what, line.by, line.why) == ("gave_up", "system", {"code": "waited", "seconds": LIMIT})
    assert (await in_database(types_on, groups.session(name)))[-2:] == ["status_change", "new_message"]
    assert (await in_database(types_on, groups.BROADCAST))[-1] == "status_change"


@pytest.mark.parametrize(("seconds", "allowed"), [(LIMIT - 60, LIMIT), (10 * LIMIT, None)])
async def test_who_does_not_goes_on_waiting(customer: Customer, seconds: int, allowed: int | None) -> None:
    await in_database(limit, allowed)
    await waiting(customer, seconds=seconds)
    assert await in_database(long_waits.find_long_waits) == []


async def test_each_team_has_its_own_limit(customer: Customer) -> None:
    team = await in_database(make_team, max_wait_seconds=60)
    await in_database(limit)
    name, _ = await waiting(customer, seconds=100), await waiting(customer, seconds=100)
    await in_database(ChatSession.objects.filter(name=name).update, team=team)
    assert await in_database(long_waits.find_long_waits) == [name]


async def test_nobody_waits_too_long_for_who_is_closed(customer: Customer) -> None:
    await in_database(limit)
    await waiting(customer, seconds=LIMIT + 1)
    far = (datetime.now(UTC) + timedelta(days=3)).weekday()
    hours = {"weekday": far, "opens_at": time(9), "closes_at": time(17)}
    await in_database(lambda: OpeningHours.objects.create(team=default_team(), **hours))
    assert await in_database(long_waits.find_long_waits) == []


async def test_who_is_offered_to_an_agent_goes_on_waiting(customer: Customer) -> None:
    await in_database(limit)
    name = await waiting(customer, seconds=LIMIT + 1)

    def offer() -> None:
        session = ChatSession.objects.get()
        Offer.objects.create(session=session, receiver=make_agent(), made_at=Now(), expires_at=Now())

    await in_database(offer)
    assert await in_database(long_waits.find_long_waits) == []
    assert not await in_database(long_waits.end_wait, session_name=name)


async def test_who_was_served_meanwhile_waits_anew(customer: Customer) -> None:
    """His first waiting time gives him his place, not the end of his patience."""
    await in_database(limit)
    await waiting(customer, seconds=1)
    await in_database(lambda: ChatSession.objects.update(waiting_since=Now() - timedelta(seconds=2 * LIMIT)))
    assert await in_database(long_waits.find_long_waits) == []


@pytest.mark.parametrize("status", [Status.MANUAL_LIVE, Status.BOT_ACTIVE])
async def test_who_was_taken_meanwhile_is_left_alone(customer: Customer, status: Status) -> None:
    await in_database(limit)
    name = await waiting(customer, seconds=LIMIT + 1)
    await in_database(ChatSession.objects.update, status=status)
    assert not await in_database(long_waits.end_wait, session_name=name)
    assert not await in_database(long_waits.end_wait, session_name="s-gone")


async def test_of_all_processes_one_looks_after_them(customer: Customer) -> None:
    await in_database(limit)
    await waiting(customer, seconds=LIMIT + 1)
    await long_waits.look()
    await waiting(customer, seconds=LIMIT + 1)
    await long_waits.look()
    assert await in_database(ChatSession.objects.filter(status=Status.PENDING_MANUAL).count) == 1
