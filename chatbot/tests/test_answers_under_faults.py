"""What an engine, the database or the customer does at a bad moment costs no answer, and doubles none."""

import asyncio
import threading
from functools import partial
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError

from chatbot.bot import answer_turn as answering
from chatbot.bot import showing, turns, work
from chatbot.bot.answer_turn import answer_turn
from chatbot.bot.engine.choice import EMBEDDED, ChosenEngine
from chatbot.conversations.teams import default_team
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.models import BotTurn, ChatSession, Message, Role, Team
from chatbot.tests.customer import make_session
from chatbot.tests.scripted_engine import ScriptedEngine, chosen, trouble, whole
from chatbot.tests.test_turns import bot_messages, post, running, until
from realtime.database import in_database


@pytest.fixture
def session(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> ChatSession:
    monkeypatch.setattr(showing, "SHOW_SECONDS", 0.001)
    monkeypatch.setattr(turns, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(answering, "RETRY_SECONDS", 0.01)
    return make_session("s-1")


def test_a_wish_for_a_human_where_the_queue_is_full_and_people_come_first_ends_the_turn(session: ChatSession) -> None:
    """tell_full was called by the message and is called again by the turn: Repeated."""
    Team.objects.filter(pk=default_team().pk).update(bot="never", max_waiting=0)
    post("I want to talk to a human")
    assert Message.objects.filter(role=Role.SYSTEM).count() == 1
    turn = BotTurn.objects.get()
    assert asyncio.run(answer_turn(turn_id=turn.pk, attempt=1))
    assert not BotTurn.objects.exists()


async def test_one_busy_moment_at_the_end_does_not_double_the_answer(
    session: ChatSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, calls = work.end, []

    def busy_once(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("database is locked")
        end(*args, **kwargs)

    monkeypatch.setattr(work, "end", busy_once)
    with chosen(ScriptedEngine("Hello")) as engine:
        async with running():
            await in_database(post)
            await until(lambda: BotTurn.objects.filter(shown="Hello").exists())
            engine.say(whole("Hello"), "Hello", whole("Hello"))
            await until(lambda: not BotTurn.objects.exists())
    assert [each.content for each in await in_database(bot_messages)] == ["Hello"]
    assert len(engine.asked) == 1


async def test_a_stop_in_the_fallback_does_not_double_what_was_shown(
    session: ChatSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop while set_aside runs on its thread."""
    begun, go_on = threading.Event(), threading.Event()
    real = work.set_aside

    def slow(working: Any) -> None:
        BotTurn.objects.update(is_stopped=True)
        begun.set()
        go_on.wait(5)
        real(working)

    monkeypatch.setattr(work, "set_aside", slow)
    with chosen(ScriptedEngine("Half")) as engine:
        async with running():
            await in_database(post)
            await until(lambda: BotTurn.objects.filter(shown="Half").exists())
            engine.say(trouble())
            await asyncio.to_thread(begun.wait, 5)
            runner = turns._runner
            assert runner is not None
            runner.halt(session.pk)
            await asyncio.sleep(0.05)
            go_on.set()
            await until(lambda: not BotTurn.objects.exists())
    contents = [(each.client_id, each.content) for each in await in_database(bot_messages)]
    assert [content for _, content in contents].count("Half") == 1, contents


async def test_an_engine_with_a_fault_of_its_own_does_not_leave_the_customer_waiting(session: ChatSession) -> None:
    """RecursionError of nested JSON, a key that is not ASCII, a fault of a library: whatever is no EngineTrouble."""
    with chosen(ScriptedEngine(RecursionError("nonsense"))):
        async with running():
            await in_database(post)
            async with asyncio.timeout(5):
                await until(bot_messages)


async def test_a_slow_bot_of_one_team_does_not_hold_up_the_others(
    session: ChatSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "AT_ONCE", 5)
    for number in range(5):
        await in_database(make_session, f"slow-{number}")
    hangs = ChosenEngine(ScriptedEngine())
    with mock.patch("chatbot.bot.work.engine_of", side_effect=lambda team: hangs):
        async with running():
            for number in range(5):
                write = partial(post_customer_message, content="hi", client_id="c", credentials=None)
                await in_database(write, session_name=f"slow-{number}")
            await until(lambda: turns._runner is not None and len(turns._runner.held) == 5)
            await asyncio.sleep(0.1)
            with mock.patch("chatbot.bot.work.engine_of", return_value=EMBEDDED):
                await in_database(post, "hello")
                async with asyncio.timeout(5):
                    await until(bot_messages)


async def test_a_model_is_not_asked_every_second_while_the_session_is_locked(
    session: ChatSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's lock_timeout, of a transaction that somebody forgot: each ask costs money and is shown nothing."""
    monkeypatch.setattr(work, "end", mock.Mock(side_effect=OperationalError("canceling statement due to lock timeout")))
    with chosen(ScriptedEngine(*[whole("Hello")] * 50)) as engine:
        async with running():
            await in_database(post)
            await asyncio.sleep(0.5)
    assert len(engine.asked) <= 3
