"""A customer who writes takes their conversation off hold."""

import pytest
from django.db import transaction

from chatbot.conversations import lifecycle
from chatbot.conversations.history import agent_actor
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, HistoryEntry, Phase, SessionInterval
from chatbot.tests.customer import Customer
from chatbot.tests.database import count_queries
from chatbot.tests.logged import logged
from chatbot.tests.people import hand_over_to, make_agent
from realtime import groups
from realtime.database import in_database


def hold(name: str) -> None:
    with transaction.atomic():
        locked = lock_session(name)
        lifecycle.hold(locked.session, until=None, actor=agent_actor(make_agent()), now=locked.now)


@pytest.fixture
async def live(customer: Customer) -> str:
    """The name of a session that an agent has."""
    name = await customer.start()
    await in_database(hand_over_to, name, "alice")
    return name


async def test_a_message_ends_it(customer: Customer, live: str) -> None:
    await in_database(hold, live)
    before = await in_database(ChatSession.objects.get)
    for _ in range(2):  # the second is a repeat
        await customer.say(live, "hi")
    session = await in_database(ChatSession.objects.get)
    assert (session.held_since, session.version) == (None, before.version + 1)
    line = await in_database(HistoryEntry.objects.last)
    assert line is not None
    assert (line.what, line.by, line.why) == ("resumed", "customer", {"code": "customer_wrote"})
    assert not await in_database(SessionInterval.objects.filter(phase=Phase.HOLD, ended_at=None).exists)


async def test_the_desk_hears_of_it(customer: Customer, live: str) -> None:
    await in_database(hold, live)
    await customer.say(live, "hi")
    [event] = await in_database(logged, groups.BROADCAST)
    assert (event["type"], event["payload"]["on_hold"]) == ("session_updated", None)


async def test_a_message_costs_nothing_more_where_nothing_is_on_hold(customer: Customer, live: str) -> None:
    """Lock with access, message, session, counters, events."""
    statements = await count_queries(lambda: customer.say(live, "hi"))
    assert len(statements) == 5, "\n".join(statements)
