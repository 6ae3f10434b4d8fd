"""A customer says whether an answer of the bot helped."""

import json
from typing import Any

import pytest

from chatbot.models import AnswerFeedback, ChatSession, Message, Role
from chatbot.tests.customer import Customer, error_code
from realtime.database import in_database


async def write(name: str, role: Role = Role.BOT, **reply: Any) -> Message:
    """A message in a session, as the bot or others write it."""

    def create() -> Message:
        session = ChatSession.objects.get(name=name)
        count = session.messages.count()
        return Message.objects.create(
            session=session, role=role, sender=role, content="Yes.", client_id=f"t-{count}", reply=reply or None
        )

    return await in_database(create)


async def judge(customer: Customer, name: str, message: Message | str, **body: Any) -> Any:
    message_id = message.pk if isinstance(message, Message) else message
    return await customer.post(f"/api/sessions/{name}/messages/{message_id}/feedback", body)


async def test_an_answer_helped(customer: Customer) -> None:
    name = await customer.start()
    answer = await write(name, entry="tents", sources=[])
    assert (await judge(customer, name, answer, helpful=True)).status_code == 204
    feedback = await AnswerFeedback.objects.aget()
    assert (feedback.message_id, feedback.entry, feedback.is_helpful) == (answer.pk, "tents", True)
    [shown] = json.loads((await customer.get(f"/api/sessions/{name}")).content)["messages"]
    assert shown["helpful"] is True


async def test_the_last_time_counts(customer: Customer) -> None:
    name = await customer.start()
    answer = await write(name, entry="tents")
    for helpful in (True, False):
        await judge(customer, name, answer, helpful=helpful)
    assert (await AnswerFeedback.objects.aget()).is_helpful is False
    assert (await Message.objects.aget(pk=answer.pk)).reply == {"entry": "tents", "helpful": False}


async def test_an_answer_without_an_entry_can_be_judged(customer: Customer) -> None:
    name = await customer.start()
    assert (await judge(customer, name, await write(name), helpful=False)).status_code == 204


@pytest.mark.parametrize(
    ("role", "reply"),
    [
        (Role.AGENT, {}),
        (Role.CUSTOMER, {}),
        (Role.SYSTEM, {}),
        (Role.BOT, {"is_unsure": True}),
        (Role.BOT, {"suggestions": ["Do you sell tents?"]}),
        (Role.BOT, {"ending": "interrupted"}),
    ],
)
async def test_only_answers_can_be_judged(customer: Customer, role: Role, reply: dict[str, Any]) -> None:
    name = await customer.start()
    response = await judge(customer, name, await write(name, role, **reply), helpful=True)
    assert (response.status_code, error_code(response)) == (404, "MESSAGE_NOT_FOUND")
    assert not await AnswerFeedback.objects.aexists()


async def test_an_answer_in_another_session_is_not_found(customer: Customer) -> None:
    name, other = await customer.start(), await customer.start()
    response = await judge(customer, name, await write(other), helpful=True)
    assert (response.status_code, error_code(response)) == (404, "MESSAGE_NOT_FOUND")


async def test_a_strangers_session_is_not_found(customer: Customer, stranger: Customer) -> None:
    name = await customer.start()
    await stranger.start()
    response = await judge(stranger, name, await write(name), helpful=True)
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("message_id", ["0", "x", "²", "9" * 30])
async def test_what_is_no_id_is_not_found(customer: Customer, message_id: str) -> None:
    name = await customer.start()
    assert (await judge(customer, name, message_id, helpful=True)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"helpful": "perhaps"}, {"helpful": None}])
async def test_a_wrong_body_is_refused(customer: Customer, body: dict[str, Any]) -> None:
    name = await customer.start()
    assert (await judge(customer, name, await write(name), **body)).status_code == 400
