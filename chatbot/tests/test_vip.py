"""A VIP is not asked to rephrase: who he is comes from the address that he gives."""

import pytest

from chatbot.bot.answer_turn import answer_turn
from chatbot.models import BotTurn, ChatSession, VipCustomer
from chatbot.tests.customer import Customer
from realtime.database import in_database


@pytest.mark.parametrize(
    ("email", "status", "reason"),
    [
        ("Ann@Big.example", "pending_manual", "VIP; the assistant was not sure: how high is the moon"),
        ("ann@small.example", "bot_active", ""),
    ],
)
async def test_a_vip_is_handed_over_with_a_reason(customer: Customer, email: str, status: str, reason: str) -> None:
    await in_database(lambda: VipCustomer.objects.create(address="@big.example"))
    name = await customer.start(customer={"email": email})
    await customer.say(name, "how high is the moon")
    turn = await in_database(BotTurn.objects.get)
    await answer_turn(turn_id=turn.pk, attempt=turn.attempts)
    session = await in_database(ChatSession.objects.get)
    assert (session.status, session.escalation_reason) == (status, reason)
