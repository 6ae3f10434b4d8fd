"""A bot outside hands its customer over by POST /api/hand-overs, and can do nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chatbot.bot import hand_over_token as tokens
from chatbot.bot.context import context_of
from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.models import ChatSession, Status
from chatbot.tests.customer import Customer, make_session
from chatbot.tests.people import set_status
from realtime.database import in_database


@pytest.fixture
def token(transactional_db: None) -> str:
    return context_of(make_session("s-1"), before=1).hand_over_token


async def hand_over(customer: Customer, token: str) -> Any:
    return await customer.post("/api/hand-overs", {"token": token, "reason": "wants a discount"})


async def test_the_session_of_the_token_waits(customer: Customer, token: str) -> None:
    response = await hand_over(customer, token)
    assert (response.status_code, json.loads(response.content)["position"]) == (202, 1)
    waiting = await in_database(ChatSession.objects.get)
    assert (waiting.status, waiting.escalation_reason) == (Status.PENDING_MANUAL, "wants a discount")


@pytest.mark.parametrize("status", [Status.PENDING_MANUAL, Status.MANUAL_LIVE, Status.CLOSED])
async def test_only_while_it_is_with_the_bot(customer: Customer, token: str, status: Status) -> None:
    await in_database(set_status, "s-1", status)
    response = await hand_over(customer, token)
    assert (response.status_code, json.loads(response.content)["error"]["code"]) == (409, "INVALID_STATUS")


async def test_a_forged_token_is_for_nothing(customer: Customer, token: str) -> None:
    name, _, proof = token.partition(":")
    for forged in ("", "s-1", f"s-2~:{proof}", f"s-1~1.0:{proof}", token[:-1]):
        assert (await hand_over(customer, forged)).status_code == 404
    assert (await in_database(ChatSession.objects.get)).status == Status.BOT_ACTIVE
    assert name == "s-1~"


async def test_it_ends_after_an_hour(customer: Customer, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LIFETIME", timedelta(0))
    assert (await hand_over(customer, token)).status_code == 404


async def test_a_bot_that_comes_late_does_not_call_people_again(customer: Customer, token: str) -> None:
    """After the customer has waited and given that up; also after a release or a reopening."""
    await in_database(escalate, session_name="s-1", reason="", credentials=None)
    await in_database(cancel_escalation, session_name="s-1", credentials=None)
    assert (await hand_over(customer, token)).status_code == 409
    assert (await in_database(ChatSession.objects.get)).status == Status.BOT_ACTIVE


async def test_it_opens_nothing_else(customer: Customer, token: str) -> None:
    response = await customer.client.get("/api/sessions/s-1", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 404
