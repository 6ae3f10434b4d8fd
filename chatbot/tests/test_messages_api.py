"""What a customer writes is kept once, in order, and told to those concerned."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.models import BotTurn, ChatSession, Message, Status
from chatbot.tests.customer import Customer, make_session
from chatbot.tests.logged import logged
from chatbot.tests.people import hand_over_to, make_agent, set_status
from realtime import groups
from realtime.database import in_database

SIMULTANEOUS = 10


async def post(customer: Customer, name: str, content: str, client_id: str) -> tuple[int, dict[str, Any]]:
    response = await customer.post(f"/api/sessions/{name}/messages", {"content": content, "client_id": client_id})
    return response.status_code, json.loads(response.content)


async def test_a_message_is_answered_as_stored(customer: Customer) -> None:
    name = await customer.start()
    status, message = await post(customer, name, " <script>alert(1)</script>\n", "c-1")
    assert status == 201
    assert message.pop("id") > 0
    assert message.pop("created_at").endswith("Z")
    assert message == {
        "session_name": name,
        "role": "customer",
        "content": " <script>alert(1)</script>\n",
        "agent": None,
        "client_id": "c-1",
        "attachments": [],
        "notice": None,
    }


async def test_a_repeat_gets_the_first_message(customer: Customer) -> None:
    name = await customer.start()
    first = await post(customer, name, "one", "c-1")
    assert await post(customer, name, "another", "c-1") == (200, first[1])


async def test_a_repeat_changes_nothing(customer: Customer) -> None:
    name = await customer.start()
    for _ in range(2):
        await post(customer, name, "one", "c-1")
    assert await in_database(Message.objects.count) == 1
    assert await in_database(BotTurn.objects.count) == 1
    assert len(await in_database(logged, groups.session(name))) == 1


async def test_a_repeat_does_not_reopen_a_closed_session(customer: Customer) -> None:
    name = await customer.start()
    await post(customer, name, "one", "c-1")
    await in_database(set_status, name, Status.CLOSED)
    assert (await post(customer, name, "one", "c-1"))[0] == 200
    assert await in_database(ChatSession.objects.filter(status=Status.CLOSED).exists)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_repeats_make_one_message() -> None:
    make_session("s-1")
    together = threading.Barrier(SIMULTANEOUS)

    def attempt(_: int) -> tuple[int, bool]:
        together.wait()
        try:
            message, created = post_customer_message(
                session_name="s-1", content="one", client_id="c-1", credentials=None
            )
        finally:
            connection.close()
        return message["id"], created

    with ThreadPoolExecutor(SIMULTANEOUS) as pool:
        outcomes = list(pool.map(attempt, range(SIMULTANEOUS)))
    assert len({message_id for message_id, _ in outcomes}) == 1
    assert [created for _, created in outcomes].count(True) == 1


async def test_the_same_client_id_in_another_session_is_another_message(customer: Customer) -> None:
    names = [await customer.start(), await customer.start()]
    assert [(await post(customer, name, "one", "c-1"))[0] for name in names] == [201, 201]


async def test_4000_characters_are_counted_as_characters(customer: Customer) -> None:
    name = await customer.start()
    status, message = await post(customer, name, "😀" * 4000, "c-1")
    assert status == 201
    assert message["content"] == "😀" * 4000


async def test_ids_ascend(customer: Customer) -> None:
    name = await customer.start()
    ids = [(await post(customer, name, "x", f"c-{n}"))[1]["id"] for n in range(3)]
    assert ids == sorted(ids)


async def test_the_session_hears_of_the_message(customer: Customer) -> None:
    name = await customer.start()
    _, message = await post(customer, name, "one", "c-1")
    (event,) = await in_database(logged, groups.session(name))
    assert (event["type"], event["source"], event["payload"]) == ("new_message", "ai_chatbot", message)


async def test_a_message_to_the_bot_is_nobody_elses_business(customer: Customer) -> None:
    name = await customer.start()
    await post(customer, name, "one", "c-1")
    assert await in_database(logged, groups.BROADCAST) == []


async def test_while_waiting_a_message_is_stored_and_the_bot_is_silent(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    assert (await post(customer, name, "anybody?", "c-1"))[0] == 201
    assert await in_database(BotTurn.objects.count) == 0


async def test_the_assignee_hears_of_the_message(customer: Customer) -> None:
    name = await customer.start()
    await in_database(hand_over_to, name, "alice")
    _, message = await post(customer, name, "hi Alice", "c-1")
    assert (await in_database(logged, groups.agent("alice")))[-1]["payload"] == message


async def test_with_an_agent_the_bot_is_silent(customer: Customer) -> None:
    name = await customer.start()
    await in_database(hand_over_to, name, "alice")
    await post(customer, name, "hi Alice", "c-1")
    assert await in_database(BotTurn.objects.count) == 0


async def test_a_message_reopens_a_closed_session(customer: Customer) -> None:
    name = await customer.start()
    await in_database(set_status, name, Status.CLOSED)
    await post(customer, name, "one more thing", "c-1")
    changed, message = await in_database(logged, groups.session(name))
    assert changed["payload"] == {
        "session_name": name,
        "status": "bot_active",
        "previous": "closed",
        "agent": None,
        "version": 2,
    }
    assert message["type"] == "new_message"
    assert await in_database(BotTurn.objects.count) == 1


async def test_the_state_names_the_agent(customer: Customer) -> None:
    name = await customer.start()
    await in_database(make_agent, "alice", "Alice")
    await in_database(hand_over_to, name, "alice")
    state = json.loads((await customer.get(f"/api/sessions/{name}")).content)
    assert (state["status"], state["agent"]) == ("manual_live", {"id": "alice", "name": "Alice"})
