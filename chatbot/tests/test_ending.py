"""The end of a conversation on the customer's side: ending it, rating it, keeping it."""

import json
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from chatbot.conversations import closing, lifecycle
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import SILENCE, SPAM, Closing, Message, Priority
from chatbot.tests.customer import Customer, error_code
from chatbot.tests.logged import logged, types_on
from chatbot.tests.people import make_agent
from realtime import groups
from realtime.database import in_database


def close_as_agent(name: str, **how: Any) -> None:
    """As the workbench does."""
    agent = User.objects.filter(username="alice").first() or make_agent("alice", "Alice")
    with transaction.atomic():
        locked = lock_session(name)
        closing.close(locked.session, now=locked.now, agent=agent, **how)


async def read(customer: Customer, name: str) -> dict[str, Any]:
    return dict(json.loads((await customer.get(f"/api/sessions/{name}")).content))


async def rate(customer: Customer, name: str, **body: Any) -> Any:
    return await customer.post(f"/api/sessions/{name}/rating", body)


async def test_a_customer_ends_the_conversation(customer: Customer) -> None:
    name = await customer.start()
    response = await customer.post(f"/api/sessions/{name}/close")
    assert response.status_code == 200
    assert json.loads(response.content)["status"] == (await read(customer, name))["status"] == "closed"
    assert await in_database(types_on, groups.session(name)) == ["status_change", "new_message"]
    again = await customer.post(f"/api/sessions/{name}/close")
    assert (again.status_code, error_code(again)) == (409, "INVALID_STATUS")


async def test_one_who_waits_leaves_the_queue_by_it(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    assert (await customer.post(f"/api/sessions/{name}/close")).status_code == 200
    assert (await read(customer, name))["queue_position"] is None


async def test_writing_reopens_it(customer: Customer) -> None:
    name = await customer.start()
    await customer.post(f"/api/sessions/{name}/close")
    await customer.say(name, "One more thing")
    assert (await read(customer, name))["status"] == "bot_active"


def make_urgent(name: str) -> None:
    with transaction.atomic():
        locked = lock_session(name)
        lifecycle.sort(locked.session, priority=Priority.URGENT, actor=CUSTOMER, now=locked.now)


@pytest.mark.parametrize("call", ["messages", "escalate"])
async def test_who_comes_back_is_urgent_no_more_and_agents_hear_of_it(customer: Customer, call: str) -> None:
    name = await customer.start()
    await in_database(make_urgent, name)
    await customer.post(f"/api/sessions/{name}/close")
    if call == "messages":
        await customer.say(name, "One more thing")
    else:
        await customer.post(f"/api/sessions/{name}/escalate")
    told = [
        each["payload"] for each in await in_database(logged, groups.BROADCAST) if each["type"] == "session_updated"
    ]
    assert [each["priority"] for each in told] == ["normal"]


@pytest.mark.parametrize("call", ["close", "rating", "transcript"])
async def test_a_stranger_ends_rates_and_reads_nothing(customer: Customer, stranger: Customer, call: str) -> None:
    name = await customer.start()
    path = f"/api/sessions/{name}/{call}"
    response = await (stranger.get(path) if call == "transcript" else stranger.post(path, {"score": 1}))
    assert response.status_code == 404
    assert (await read(customer, name))["status"] == "bot_active"


async def test_what_an_agent_ended_is_rated_once(customer: Customer) -> None:
    name = await customer.start()
    await in_database(close_as_agent, name)
    assert (await read(customer, name))["ratable"] is True
    response = await rate(customer, name, score=4, comment="Quick.")
    assert (response.status_code, json.loads(response.content)) == (200, {"score": 4, "comment": "Quick."})
    assert (await read(customer, name))["ratable"] is False
    again = await rate(customer, name, score=1)
    assert (again.status_code, error_code(again)) == (409, "NOT_RATABLE")
    assert (await in_database(Closing.objects.get)).score == 4


async def test_each_end_is_rated(customer: Customer) -> None:
    name = await customer.start()
    for score in (2, 5):
        await in_database(close_as_agent, name)
        assert (await rate(customer, name, score=score)).status_code == 200
        await customer.say(name, "Hello again", client_id=f"c-{score}")
    assert (await rate(customer, name, score=1)).status_code == 409  # it is open
    assert await in_database(lambda: list(Closing.objects.values_list("score", flat=True))) == [2, 5]


@pytest.mark.parametrize("reason", [SPAM, SILENCE])
async def test_nobody_is_asked_after_spam_or_silence(customer: Customer, reason: str) -> None:
    name = await customer.start()
    await in_database(close_as_agent, name, reason=reason)
    assert (await read(customer, name))["ratable"] is False
    assert (await rate(customer, name, score=5)).status_code == 409


async def test_what_the_customer_ended_is_not_rated(customer: Customer) -> None:
    name = await customer.start()
    await customer.post(f"/api/sessions/{name}/close")
    assert (await read(customer, name))["ratable"] is False
    assert (await rate(customer, name, score=5)).status_code == 409


@pytest.mark.parametrize("body", [{}, {"score": 0}, {"score": 6}, {"score": "5"}, {"score": 5, "comment": "x" * 1001}])
async def test_a_bad_rating_is_refused(customer: Customer, body: dict[str, Any]) -> None:
    name = await customer.start()
    await in_database(close_as_agent, name)
    assert (await rate(customer, name, **body)).status_code == 400
    assert (await in_database(Closing.objects.get)).score is None


async def test_how_it_ended_is_kept(customer: Customer) -> None:
    name = await customer.start()
    day = date(2026, 12, 1)
    await in_database(close_as_agent, name, reason="refund", summary="Paid back.", follow_up_on=day)
    noted = await in_database(Closing.objects.get)
    assert (noted.reason, noted.summary, noted.follow_up_on) == ("refund", "Paid back.", day)


async def test_a_customer_says_how_to_be_reached(customer: Customer) -> None:
    name = await customer.start(customer={"name": "Ann"})
    response = await customer.patch(f"/api/sessions/{name}", {"customer": {"email": "ann@example.com"}})
    expected = {"name": "Ann", "email": "ann@example.com"}
    assert (response.status_code, json.loads(response.content)) == (200, {"customer": expected})
    assert (await read(customer, name))["customer"] == expected
    assert await in_database(types_on, groups.BROADCAST) == ["customer_change"]


async def test_what_is_no_news_is_not_told(customer: Customer) -> None:
    name = await customer.start(customer={"name": "Ann"})
    await customer.patch(f"/api/sessions/{name}", {"customer": {"name": "Ann"}})
    assert await in_database(types_on, groups.BROADCAST) == []


@pytest.mark.parametrize("customer_body", [{"email": "ann"}, {"email": 5}, {"name": "x" * 101}, None])
async def test_a_bad_address_is_refused(customer: Customer, customer_body: Any) -> None:
    name = await customer.start()
    response = await customer.patch(f"/api/sessions/{name}", {"customer": customer_body})
    assert (response.status_code, error_code(response)) == (400, "INVALID_CUSTOMER")
    assert (await read(customer, name))["customer"] == {"name": "", "email": ""}


async def test_the_conversation_can_be_kept_as_a_text(customer: Customer) -> None:
    name = await customer.start()
    await customer.say(name, "Where is my parcel?\nNumber 17")
    response = await customer.get(f"/api/sessions/{name}/transcript?timezone=Asia/Shanghai")
    text = response.content.decode()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="conversation-')
    assert "Asia/Shanghai" in text.splitlines()[0]
    assert "] You: Where is my parcel?\nNumber 17" in text


async def test_of_a_long_one_the_latest_messages_are_kept(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.conversations.written_transcript.MAX_MESSAGES", 2)
    name = await customer.start()
    for number in range(3):
        await customer.say(name, f"message {number}", client_id=f"c-{number}")
    await in_database(lambda: Message.objects.exclude(role="customer").delete())
    text = (await customer.get(f"/api/sessions/{name}/transcript")).content.decode()
    assert "Only the last 2 messages are here." in text
    assert [number for number in range(3) if f"message {number}" in text] == [1, 2]


async def test_a_time_zone_that_there_is_not_is_refused(customer: Customer) -> None:
    name = await customer.start()
    response = await customer.get(f"/api/sessions/{name}/transcript?timezone=../../etc/passwd")
    assert (response.status_code, error_code(response)) == (400, "INVALID_QUERY")
