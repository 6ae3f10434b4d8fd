"""Every message to the bot gets one answer, whatever happens to a process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from chatbot.bot import turns
from chatbot.bot.answer_turn import MAX_ATTEMPTS, answer_turn
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.knowledge.sample import load_demo_answers
from chatbot.models import TURN_LEASE, BotTurn, ChatSession, Message, Status
from chatbot.tests.customer import make_session
from chatbot.tests.logged import logged
from chatbot.tests.people import set_status
from realtime import groups
from realtime.database import in_database

DEADLINE_SECONDS = 10


def post(content: str = "where is my order?", client_id: str = "c-1") -> int:
    """Post to the session s-1 and return the message's id."""
    message, _ = post_customer_message(session_name="s-1", content=content, client_id=client_id, credentials=None)
    return message["id"]


def expire_all_leases() -> None:
    BotTurn.objects.update(lease_until=Now() - timedelta(seconds=1))


def bot_messages() -> list[Message]:
    return list(Message.objects.filter(role="bot").order_by("id"))


async def until(condition: Callable[[], Any]) -> Any:
    """Wait until a query gives something true, and return it."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (found := await in_database(condition)):
            await asyncio.sleep(0.01)
    return found


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[asyncio.Task[None]]:
    """The background job of a chatbot process."""
    task = asyncio.create_task(turns.run_turns())
    await asyncio.sleep(0)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def session(transactional_db: None) -> ChatSession:
    load_demo_answers()
    return make_session("s-1")


async def test_a_process_answers_what_it_wrote(session: ChatSession) -> None:
    async with running():
        await in_database(post)
        (answer,) = await until(bot_messages)
    assert "My orders" in answer.content


async def test_the_answer_is_told_to_the_session(session: ChatSession) -> None:
    message_id = await in_database(post)
    await answer_turn(turn_id=(await in_database(BotTurn.objects.get)).pk, attempt=1)
    event = (await in_database(logged, groups.session("s-1")))[-1]
    assert (event["type"], event["payload"]["role"]) == ("new_message", "bot")
    assert event["payload"]["client_id"] == f"bot-{message_id}"


async def test_the_last_message_is_the_customers(session: ChatSession) -> None:
    await in_database(post, "where is my order?")
    (claim,) = await in_database(turns.claim_expired_turns)
    await answer_turn(turn_id=claim.id, attempt=claim.attempt)
    assert len(await in_database(bot_messages)) == 1
    assert (await in_database(ChatSession.objects.get)).last_message == "where is my order?"


async def test_answers_come_in_the_order_of_the_messages(session: ChatSession) -> None:
    async with running():
        ids = [await in_database(post, client_id=f"c-{n}") for n in range(5)]
        await until(lambda: len(bot_messages()) == 5)
    answered = [message.client_id for message in await in_database(bot_messages)]
    assert answered == [f"bot-{each}" for each in ids]


async def test_a_turn_of_a_process_without_runner_is_taken_over(session: ChatSession) -> None:
    await in_database(post)
    async with running():
        await until(bot_messages)
    assert not await in_database(BotTurn.objects.exists)


async def test_a_turn_of_a_process_that_died_is_taken_over(session: ChatSession) -> None:
    async with running():
        runner = turns._runner
        assert runner is not None
        with mock.patch.object(runner, "hand_over"):
            await in_database(post)
        await in_database(expire_all_leases)
        await until(bot_messages)


async def test_a_lease_that_runs_is_respected(session: ChatSession) -> None:
    await in_database(post)
    assert len(await in_database(turns.claim_expired_turns)) == 1
    assert await in_database(turns.claim_expired_turns) == []


async def test_a_lease_from_before_the_clock_was_set_back_has_run_out(session: ChatSession) -> None:
    await in_database(post)
    await in_database(BotTurn.objects.update, lease_until=Now() + timedelta(hours=1))
    assert len(await in_database(turns.claim_expired_turns)) == 1
    assert await in_database(turns.claim_expired_turns) == []


async def test_a_lease_of_a_statement_that_began_later_is_respected(session: ChatSession) -> None:
    await in_database(post)
    await in_database(BotTurn.objects.update, lease_until=Now() + TURN_LEASE + timedelta(seconds=1))
    assert await in_database(turns.claim_expired_turns) == []


async def test_who_lost_a_turn_does_not_answer(session: ChatSession) -> None:
    await in_database(post)
    (claim,) = await in_database(turns.claim_expired_turns)
    assert not await answer_turn(turn_id=claim.id, attempt=claim.attempt - 1)
    assert await answer_turn(turn_id=claim.id, attempt=claim.attempt)
    assert len(await in_database(bot_messages)) == 1


async def test_a_turn_is_answered_once(session: ChatSession) -> None:
    await in_database(post)
    (claim,) = await in_database(turns.claim_expired_turns)
    given = [await answer_turn(turn_id=claim.id, attempt=claim.attempt) for _ in range(2)]
    assert given == [True, False]


async def test_a_process_that_stops_gives_its_turns_back(session: ChatSession) -> None:
    blocked = asyncio.Event()

    async def never_answers(*args: Any, **kwargs: Any) -> None:
        await blocked.wait()

    with mock.patch.object(turns, "_answer_turns", never_answers):
        async with running():
            await in_database(post)
    assert len(await in_database(turns.claim_expired_turns)) == 1


@pytest.mark.parametrize("status", [Status.PENDING_MANUAL, Status.MANUAL_LIVE, Status.CLOSED])
async def test_the_bot_is_silent_once_a_human_is_asked(session: ChatSession, status: Status) -> None:
    """While the customer waits the question is kept, for the case that he gives up (test_question_and_giving_up.py)."""
    await in_database(post)
    (claim,) = await in_database(turns.claim_expired_turns)
    await in_database(set_status, "s-1", status)
    await answer_turn(turn_id=claim.id, attempt=claim.attempt)
    assert await in_database(bot_messages) == []
    assert await in_database(BotTurn.objects.exists) == (status == Status.PENDING_MANUAL)


@pytest.mark.parametrize("wish", ["转人工", "I want to talk to a human"])
async def test_asking_for_a_human_puts_the_session_into_the_queue(session: ChatSession, wish: str) -> None:
    await in_database(post, wish)
    (claim,) = await in_database(turns.claim_expired_turns)
    await answer_turn(turn_id=claim.id, attempt=claim.attempt)
    waiting = await in_database(ChatSession.objects.get)
    assert (waiting.status, waiting.escalation_reason) == (Status.PENDING_MANUAL, wish)
    request = (await in_database(logged, groups.BROADCAST))[-1]
    assert (request["type"], request["payload"]["last_message"]) == ("transfer_request", wish)


async def test_a_turn_that_keeps_failing_ends_with_an_apology(session: ChatSession) -> None:
    await in_database(post)
    turn = await in_database(BotTurn.objects.get)
    await in_database(BotTurn.objects.update, attempts=MAX_ATTEMPTS + 1)
    with mock.patch("chatbot.bot.engine.embedded.find", side_effect=ZeroDivisionError):
        assert await answer_turn(turn_id=turn.pk, attempt=MAX_ATTEMPTS + 1)
    assert len(await in_database(bot_messages)) == 1


async def test_a_failing_turn_does_not_stop_the_others(session: ChatSession) -> None:
    decide = mock.Mock(side_effect=[ZeroDivisionError, mock.DEFAULT], wraps=answer_turn)
    with mock.patch.object(turns, "answer_turn", decide):
        async with running():
            await in_database(post, client_id="c-1")
            second = await in_database(post, client_id="c-2")
            (answer,) = await until(bot_messages)
    assert answer.client_id == f"bot-{second}"


async def test_a_locked_database_delays_the_answer_only(session: ChatSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "RETRY_SECONDS", 0)
    answer = mock.Mock(side_effect=[OperationalError("database is locked"), mock.DEFAULT], wraps=answer_turn)
    with mock.patch.object(turns, "answer_turn", answer):
        async with running():
            await in_database(post)
            await until(bot_messages)
    assert answer.call_count == 2
