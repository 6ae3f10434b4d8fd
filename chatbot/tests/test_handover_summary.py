"""What the agent reads of the talk with the bot."""

import pytest
from django.db import transaction

from chatbot.bot.answer_turn import answer_turn
from chatbot.conversations import lifecycle, transcript
from chatbot.conversations.handover_summary import MAX_LENGTH, sum_up
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import BotTurn, ChatSession, Role
from chatbot.tests.customer import Customer, make_session
from chatbot.tests.people import hand_over_to
from realtime.database import in_database


def talk(*texts: str, role: Role = Role.CUSTOMER) -> None:
    """The customer says the first, the bot the next, and so on."""
    for text in texts:
        with transaction.atomic():
            locked = lock_session("s-1")
            sender = transcript.CUSTOMER if role == Role.CUSTOMER else transcript.BOT
            client_id = f"{role}-{locked.session.messages.count()}"
            transcript.write(
                locked.session, role=role, sender=sender, content=text, client_id=client_id, now=locked.now
            )
        role = Role.BOT if role == Role.CUSTOMER else Role.CUSTOMER


def summary() -> str:
    return sum_up(ChatSession.objects.get())


def close_and_reopen() -> None:
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.close(locked.session, actor=CUSTOMER, now=locked.now)
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.reopen(locked.session, now=locked.now)


@pytest.fixture
def session(transactional_db: None) -> ChatSession:
    return make_session()


def test_it_is_the_last_turns_oldest_first(session: ChatSession) -> None:
    talk("where is\nmy order?", "It is on its way.", "since when?", "I do not know.")
    assert summary() == (
        "Customer: where is my order?\nAssistant: It is on its way.\nCustomer: since when?\nAssistant: I do not know."
    )


def test_it_is_in_the_language_of_the_session(session: ChatSession) -> None:
    ChatSession.objects.update(language="zh-hans")
    talk("在哪？", "在路上。")
    assert summary() == "客户: 在哪？\n智能助手: 在路上。"


def test_where_the_bot_has_answered_nothing_there_is_none(session: ChatSession) -> None:
    talk("I am here again.", role=Role.BOT)
    talk("where is it?")
    assert summary() == ""


def test_what_is_long_is_cut_and_the_newest_is_kept(session: ChatSession) -> None:
    for n in range(6):
        talk(f"question {n} {'x' * 300}", f"answer {n} {'y' * 300}")
    lines = summary().splitlines()
    assert (lines[0].startswith("Assistant: answer 4"), lines[-1].startswith("Assistant: answer 5")) == (True, True)
    assert len(summary()) <= MAX_LENGTH


def test_what_was_said_before_the_last_reopening_is_not_in_it(session: ChatSession) -> None:
    talk("old question", "old answer")
    close_and_reopen()
    talk("new question", "new answer")
    assert summary() == "Customer: new question\nAssistant: new answer"


def test_of_a_closed_conversation_there_is_none(session: ChatSession) -> None:
    talk("old question", "old answer")
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.close(locked.session, actor=CUSTOMER, now=locked.now)
    assert summary() == ""


def test_it_goes_with_the_conversation_that_it_is_of(session: ChatSession) -> None:
    ChatSession.objects.update(handover_summary="Customer: old")
    close_and_reopen()
    assert ChatSession.objects.get().handover_summary == ""


def test_it_goes_when_the_bot_has_the_conversation_again(session: ChatSession) -> None:
    hand_over_to("s-1", "alice")
    ChatSession.objects.update(handover_summary="Customer: old")
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.release(locked.session, actor=CUSTOMER, now=locked.now)
    assert ChatSession.objects.get().handover_summary == ""


async def answer_all() -> None:
    for turn in await in_database(lambda: list(BotTurn.objects.order_by("id"))):
        await answer_turn(turn_id=turn.pk, attempt=turn.attempts)


async def test_the_button_writes_it(customer: Customer) -> None:
    name = await customer.start()
    await customer.say(name, "thanks")
    await answer_all()
    await customer.escalate(name)
    session = await in_database(ChatSession.objects.get)
    assert session.handover_summary.startswith("Customer: thanks\nAssistant: You are welcome!")


async def test_a_wish_writes_it_without_the_wish(customer: Customer) -> None:
    name = await customer.start()
    await customer.say(name, "thanks")
    await answer_all()
    await customer.say(name, "talk to a human", client_id="c-2")
    await answer_all()
    session = await in_database(ChatSession.objects.get)
    assert session.status == "pending_manual"
    assert session.handover_summary.splitlines()[1:] == [
        "Assistant: You are welcome! Is there anything else I can help with?"
    ]
