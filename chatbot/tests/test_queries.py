"""What each call costs the database, however much there is."""

import pytest

from chatbot.models import Message
from chatbot.tests.customer import Customer
from chatbot.tests.database import count_queries
from realtime.database import in_database


async def test_starting_a_session(customer: Customer) -> None:
    assert len(await count_queries(customer.start)) == 1


@pytest.mark.parametrize("count", [1, 30])
async def test_reading_a_session(customer: Customer, count: int) -> None:
    name = await customer.start()
    for n in range(count):
        await customer.say(name, "hi", client_id=f"c-{n}")
    assert len(await count_queries(lambda: customer.get(f"/api/sessions/{name}"))) == 3


async def test_posting_a_message(customer: Customer) -> None:
    """Lock with access, message, session, turn, counter of the channel, event."""
    name = await customer.start()
    statements = await count_queries(lambda: customer.say(name, "hi"))
    assert len(statements) == 6, "\n".join(statements)


async def test_escalating(customer: Customer) -> None:
    """Lock with access, change, notice, session, place, counters, events."""
    name = await customer.start()
    statements = await count_queries(lambda: customer.escalate(name))
    assert len(statements) == 7, "\n".join(statements)


async def test_a_stranger_costs_one_query(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    path = f"/api/sessions/{name}/messages"
    body = {"content": "hi", "client_id": "c"}
    assert len(await count_queries(lambda: stranger.post(path, body, Authorization="Bearer invented"))) == 1
    assert not await in_database(Message.objects.exists)


async def test_who_shows_nothing_costs_no_query(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    path = f"/api/sessions/{name}/messages"
    assert await count_queries(lambda: stranger.post(path, {"content": "hi", "client_id": "c"})) == []
