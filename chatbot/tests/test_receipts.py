"""A customer's receipts: kept, told to the agent, never for his own words."""

import json
from typing import Any

import pytest

from chatbot.conversations import receipts
from chatbot.models import ChatSession, Message, Role
from chatbot.tests.customer import Customer, error_code
from realtime.database import in_database


def add_message(name: str, role: Role, client_id: str = "x-1") -> int:
    session = ChatSession.objects.get(name=name)
    return Message.objects.create(session=session, role=role, sender="x", content="x", client_id=client_id).pk


async def confirm(customer: Customer, name: str, **body: Any) -> Any:
    return await customer.post(f"/api/sessions/{name}/receipts", body)


async def receipts_seen(customer: Customer, name: str) -> Any:
    return json.loads((await customer.get(f"/api/sessions/{name}")).content)["receipts"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.BOT])
async def test_what_the_other_side_wrote_is_confirmed(customer: Customer, role: Role) -> None:
    name = await customer.start()
    message = await in_database(add_message, name, role)
    assert (await confirm(customer, name, seen=message)).status_code == 204
    assert await receipts_seen(customer, name) == {
        "customer": {"delivered": message, "seen": message},
        "agent": {"delivered": None, "seen": None},
    }


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SYSTEM])
async def test_ones_own_words_and_notices_are_not(customer: Customer, role: Role) -> None:
    name = await customer.start()
    response = await confirm(customer, name, delivered=await in_database(add_message, name, role))
    assert (response.status_code, error_code(response)) == (404, "MESSAGE_NOT_FOUND")


async def test_a_stranger_confirms_nothing(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    message = await in_database(add_message, name, Role.BOT)
    assert (await confirm(stranger, name, seen=message)).status_code == 404
    assert (await receipts_seen(customer, name))["customer"]["seen"] is None


async def test_each_step_is_told_once(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    name = await customer.start()
    message = await in_database(add_message, name, Role.BOT)
    told: list[tuple[str, Any]] = []
    sent = "chatbot.customers.actions.confirm_messages.send_many"
    monkeypatch.setattr(sent, lambda items: told.extend((event.type, event.payload) for _, event in items))
    for body in ({"delivered": message}, {"delivered": message}, {"seen": message}, {"seen": message}):
        await confirm(customer, name, **body)
    payload = {"session_name": name, "role": "customer", "message_id": message}
    assert told == [("message_delivered", payload), ("message_read", payload)]


def test_each_side_has_another() -> None:
    for reader, others in receipts.OTHER_SIDE.items():
        assert reader not in others
