"""A system line says what it tells of; the customer's transcript calls it a notice, whoever did it."""

import json
from datetime import UTC

import pytest
from django.db import transaction

from chatbot.conversations import transcript
from chatbot.conversations.locking import lock_session
from chatbot.conversations.written_transcript import written_out
from chatbot.tests.customer import Customer, make_session
from chatbot.tests.people import make_agent


@pytest.mark.parametrize(
    ("calls", "notices"),
    [
        (["escalate"], ["asked_absent"]),
        (["escalate", "cancel-escalation"], ["asked_absent", "gave_up"]),
        (["close"], ["ended"]),
    ],
)
async def test_what_a_customer_did_is_named(customer: Customer, calls: list[str], notices: list[str]) -> None:
    name = await customer.start()
    for call in calls:
        await customer.post(f"/api/sessions/{name}/{call}")
    messages = json.loads((await customer.get(f"/api/sessions/{name}")).content)["messages"]
    assert [(each["notice"], each["agent"]) for each in messages] == [(notice, None) for notice in notices]


async def test_a_message_of_the_customer_is_no_notice(customer: Customer) -> None:
    assert (await customer.say(await customer.start(), "hi"))["notice"] is None


@pytest.mark.django_db(transaction=True)
def test_what_an_agent_did_is_a_notice_in_the_transcript() -> None:
    session = make_session()
    with transaction.atomic():
        now = lock_session(session.name).now
        transcript.write_notice(session, "Gone", now=now, notice="released", by=make_agent(name="Alice"))
    assert written_out(session, UTC).endswith("Notice: Gone\n")
