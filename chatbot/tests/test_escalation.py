"""A customer asks for a human, and may think better of it."""

import json

import pytest

from chatbot.models import ChatSession, Message, Status
from chatbot.tests.customer import Customer, error_code
from chatbot.tests.logged import logged, types_on
from chatbot.tests.people import hand_over_to, set_status
from realtime import groups
from realtime.database import in_database


async def test_escalation_is_accepted_without_any_agent(customer: Customer) -> None:
    name = await customer.start()
    answer = await customer.escalate(name)
    assert (answer["status"], answer["position"]) == ("pending_manual", 1)


async def test_the_queue_is_first_come_first_served(customer: Customer) -> None:
    names = [await customer.start() for _ in range(3)]
    assert [(await customer.escalate(name))["position"] for name in names] == [1, 2, 3]


async def test_every_workbench_hears_of_it(customer: Customer) -> None:
    name = await customer.start()
    await customer.say(name, "my parcel is gone")
    await customer.post(f"/api/sessions/{name}/escalate", {"reason": "lost parcel"})
    request = (await in_database(logged, groups.BROADCAST))[-1]
    waiting_since = request["payload"].pop("waiting_since")
    assert waiting_since.endswith("Z")
    assert request["payload"].pop("team")["name"] == "Support"
    assert request["type"] == "transfer_request"
    assert request["source"] == "ai_chatbot"
    assert request["payload"] == {
        "session_name": name,
        "customer": {"name": "", "email": ""},
        "reason": "lost parcel",
        "last_message": "my parcel is gone",
        "question": "my parcel is gone",
        "language": "en",
        "priority": "normal",
        "labels": [],
        "position": 1,
    }


async def test_the_customers_channel_does_not_carry_the_reason(customer: Customer) -> None:
    name = await customer.start()
    await customer.post(f"/api/sessions/{name}/escalate", {"reason": "lost parcel"})
    assert "lost parcel" not in str(await in_database(logged, groups.session(name)))


async def test_order_of_events_on_the_session(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    assert await in_database(types_on, groups.session(name)) == ["status_change", "transfer_request", "new_message"]


async def test_the_customer_reads_that_an_agent_was_asked(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    message = await in_database(Message.objects.get)
    assert message.role == "system"


async def test_a_second_escalation_is_refused(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    response = await customer.post(f"/api/sessions/{name}/escalate")
    assert (response.status_code, error_code(response)) == (409, "ALREADY_ESCALATED")


async def test_escalation_while_an_agent_is_there_is_refused(customer: Customer) -> None:
    name = await customer.start()
    await in_database(hand_over_to, name, "alice")
    response = await customer.post(f"/api/sessions/{name}/escalate")
    assert (response.status_code, error_code(response)) == (409, "ALREADY_ESCALATED")


async def test_a_refused_escalation_writes_nothing(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    before = await in_database(ChatSession.objects.values().get)
    await customer.post(f"/api/sessions/{name}/escalate", {"reason": "again"})
    assert await in_database(ChatSession.objects.values().get) == before
    assert len(await in_database(logged, groups.session(name))) == 3


async def test_escalation_reopens_a_closed_session(customer: Customer) -> None:
    name = await customer.start()
    await in_database(set_status, name, Status.CLOSED)
    assert (await customer.escalate(name))["status"] == "pending_manual"


async def test_giving_up_waiting_brings_the_bot_back(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    response = await customer.post(f"/api/sessions/{name}/cancel-escalation")
    assert response.status_code == 200
    session = await in_database(ChatSession.objects.get)
    assert (session.status, session.waiting_since, session.version) == (Status.BOT_ACTIVE, None, 3)


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.MANUAL_LIVE, Status.CLOSED])
async def test_who_does_not_wait_cannot_give_up(customer: Customer, status: Status) -> None:
    name = await customer.start()
    await in_database(set_status, name, status)
    response = await customer.post(f"/api/sessions/{name}/cancel-escalation")
    assert (response.status_code, error_code(response)) == (409, "INVALID_STATUS")


async def test_a_reload_shows_the_place_in_the_queue(customer: Customer) -> None:
    first, second = await customer.start(), await customer.start()
    await customer.escalate(first)
    await customer.escalate(second)
    state = json.loads((await customer.get(f"/api/sessions/{second}")).content)
    assert state["queue_position"] == 2
