"""An answer is shown while it is made: what was seen is what is stored, whatever happens in between."""

import asyncio
from functools import partial
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError

from chatbot.bot import showing, turns, work
from chatbot.bot.answer_turn import answer_turn
from chatbot.bot.engine.interface import Action, Outcome
from chatbot.conversations.answering import answering_json
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.customers.actions.stop_answer import stop_answer
from chatbot.models import BotEngine, BotThread, BotTurn, ChatSession, Status, UnansweredQuestion, VipCustomer
from chatbot.tests.customer import make_session
from chatbot.tests.people import be_with_people_and_back, set_status
from chatbot.tests.scripted_engine import ScriptedEngine, chosen, trouble, whole
from chatbot.tests.test_turns import bot_messages, expire_all_leases, post, running, until
from realtime.api import send_many
from realtime.database import in_database

SESSION = "s-1"


@pytest.fixture
def session(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> ChatSession:
    monkeypatch.setattr(showing, "SHOW_SECONDS", 0.001)
    monkeypatch.setattr(turns, "WATCH_SECONDS", 0.01)
    return make_session(SESSION)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The payloads of the pieces that were sent, in order."""
    pieces: list[dict[str, Any]] = []

    def spy(outgoing: Any) -> Any:
        pieces.extend(event.payload for _, event in outgoing if event.type == "message_delta")
        return send_many(outgoing)

    monkeypatch.setattr(work, "send_many", spy)
    return pieces


def answered(count: int) -> bool:
    return len(bot_messages()) == count


def shown() -> str:
    return "".join(BotTurn.objects.values_list("shown", flat=True))


def endings() -> list[tuple[str, str, str | None]]:
    return [(each.client_id, each.content, (each.reply or {}).get("ending")) for each in bot_messages()]


def text_of(pieces: list[dict[str, Any]], stream: str) -> str:
    mine = [piece for piece in pieces if piece["stream"] == stream]
    assert [piece["index"] for piece in mine] == list(range(1, len(mine) + 1))
    return "".join(piece["text"] for piece in mine)


async def test_what_is_seen_is_the_beginning_of_what_is_stored(session: ChatSession, seen: list[Any]) -> None:
    with chosen(ScriptedEngine("Hel")) as engine:
        async with running():
            message_id = await in_database(post)
            await until(lambda: shown() == "Hel")
            engine.say("lo, 世", "界!", whole("Hello, 世界!"))
            (answer,) = await until(bot_messages)
    assert answer.client_id == f"bot-{message_id}"
    assert text_of(seen, answer.client_id) in ("Hel", "Hello, 世", "Hello, 世界!")
    assert answer.content == "Hello, 世界!"


async def test_a_page_that_comes_is_told_what_was_shown(session: ChatSession, seen: list[Any]) -> None:
    with chosen(ScriptedEngine()) as engine:
        async with running():
            message_id = await in_database(post)
            assert await in_database(answering_json, session) == {"stream": f"bot-{message_id}", "index": 0, "text": ""}
            engine.say("Hel")
            await until(lambda: shown() == "Hel")
            answering = await in_database(answering_json, session)
            assert answering == {"stream": f"bot-{message_id}", "index": 1, "text": "Hel"}
            engine.say(whole("Hello"))
            await until(bot_messages)
    assert await in_database(answering_json, session) is None


async def test_nothing_is_shown_that_a_page_could_not_read_before(
    session: ChatSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may come between the row and the event: the row is first."""
    stored = []
    monkeypatch.setattr(work, "send_many", lambda outgoing: stored.append(shown()))
    with chosen(ScriptedEngine("Hel", whole("Hello"))):
        await in_database(post)
        turn = await in_database(BotTurn.objects.get)
        await answer_turn(turn_id=turn.pk, attempt=1)
    assert stored[0] in ("Hel", "")  # "" where the answer was there before anything had to be shown


async def test_a_stopped_answer_is_stored_as_it_was_seen(session: ChatSession, seen: list[Any]) -> None:
    with chosen(ScriptedEngine("Hel")) as engine:
        async with running():
            await in_database(post)
            await until(lambda: shown() == "Hel")
            await in_database(stop_answer, session_name=SESSION, credentials=None)
            (answer,) = await until(bot_messages)
    assert (answer.content, answer.reply["ending"]) == (text_of(seen, answer.client_id), "stopped")
    assert engine.closed == 1


async def test_an_answer_that_is_stopped_before_its_first_word_says_so(session: ChatSession) -> None:
    with chosen(ScriptedEngine()):
        async with running():
            await in_database(post)
            await in_database(stop_answer, session_name=SESSION, credentials=None)
            (answer,) = await until(bot_messages)
    assert answer.content == "All right, I have stopped."


async def test_another_process_can_stop_it(session: ChatSession, seen: list[Any]) -> None:
    with chosen(ScriptedEngine("Hel")):
        async with running():
            await in_database(post)
            await until(lambda: shown() == "Hel")
            await in_database(BotTurn.objects.update, is_stopped=True)
            (answer,) = await until(bot_messages)
    assert (answer.content, answer.reply["ending"]) == ("Hel", "stopped")


async def test_what_a_process_that_died_has_shown_is_kept_and_the_question_answered_once_more(
    session: ChatSession,
) -> None:
    message_id = await in_database(post)
    await in_database(BotTurn.objects.update, shown="Hel", shown_index=3)
    with chosen(ScriptedEngine(whole("Hello"))):
        async with running():
            await until(lambda: len(bot_messages()) == 2)
    assert await in_database(endings) == [
        (f"bot-{message_id}", "Hel", "interrupted"),
        (f"bot-{message_id}-2", "Hello", None),
    ]
    assert not await in_database(BotTurn.objects.exists)


async def test_a_process_that_comes_back_to_life_says_nothing_more(session: ChatSession, seen: list[Any]) -> None:
    frozen = ScriptedEngine("Hel")
    await in_database(post)
    turn = await in_database(BotTurn.objects.get)
    with chosen(frozen):
        first = asyncio.create_task(answer_turn(turn_id=turn.pk, attempt=1))
        await until(lambda: shown() == "Hel")
    await in_database(expire_all_leases)
    (claim,) = await in_database(turns.claim_expired_turns)
    with chosen(ScriptedEngine(whole("Hello"))):
        assert await answer_turn(turn_id=claim.id, attempt=claim.attempt)
    frozen.say("lo", whole("Hello"))
    assert not await first
    assert [content for _, content, _ in await in_database(endings)] == ["Hel", "Hello"]
    assert [piece["text"] for piece in seen] == ["Hel"]


async def test_a_turn_that_was_stopped_and_lost_its_process_ends_as_it_was_seen(session: ChatSession) -> None:
    message_id = await in_database(post)
    await in_database(BotTurn.objects.update, shown="Hel", shown_index=1, is_stopped=True)
    with chosen(ScriptedEngine()):
        async with running():
            await until(bot_messages)
    assert await in_database(endings) == [(f"bot-{message_id}", "Hel", "stopped")]


async def test_an_engine_that_fails_before_its_first_word_is_replaced(session: ChatSession) -> None:
    with chosen(ScriptedEngine(trouble())):
        async with running():
            message_id = await in_database(post)
            (answer,) = await until(bot_messages)
    assert answer.client_id == f"bot-{message_id}"
    assert answer.reply["had_trouble"]


async def test_what_a_failing_engine_has_shown_is_marked_as_interrupted(session: ChatSession) -> None:
    with chosen(ScriptedEngine("Hel")) as engine:
        async with running():
            message_id = await in_database(post)
            await until(lambda: shown() == "Hel")
            engine.say(trouble())
            await until(lambda: len(bot_messages()) == 2)
    first, second = await in_database(endings)
    assert first == (f"bot-{message_id}", "Hel", "interrupted")
    assert (second[0], second[2]) == (f"bot-{message_id}-2", None)


async def test_an_answer_that_is_not_what_was_shown_counts_as_failed(session: ChatSession) -> None:
    with chosen(ScriptedEngine("Hel")) as engine:
        async with running():
            await in_database(post)
            await until(lambda: shown() == "Hel")
            engine.say(whole("Something else"))
            await until(lambda: len(bot_messages()) == 2)
    assert (await in_database(endings))[0][1:] == ("Hel", "interrupted")


async def test_after_two_failures_a_human_is_offered(session: ChatSession) -> None:
    with chosen(ScriptedEngine(trouble(), trouble())):
        async with running():
            for number in (1, 2):
                await in_database(post, "thanks", client_id=f"c-{number}")
                await until(partial(answered, number))
    offers = [bool((each.reply or {}).get("offer_human")) for each in await in_database(bot_messages)]
    assert offers == [False, True]


async def test_an_answer_that_ends_after_the_hand_over_is_dropped(session: ChatSession) -> None:
    with chosen(ScriptedEngine("Hel")) as engine:
        async with running():
            await in_database(post)
            await until(lambda: shown() == "Hel")
            await in_database(set_status, SESSION, Status.MANUAL_LIVE)
            await until(lambda: not BotTurn.objects.exists())
    assert await in_database(bot_messages) == []
    assert engine.closed == 1


async def test_an_answer_to_what_was_said_before_people_had_the_session_is_dropped(session: ChatSession) -> None:
    await in_database(post)
    turn = await in_database(BotTurn.objects.get)
    with chosen(ScriptedEngine()) as engine:
        answering = asyncio.create_task(answer_turn(turn_id=turn.pk, attempt=1))
        await until(lambda: engine.asked)
        await in_database(be_with_people_and_back, SESSION)
        engine.say(whole("Too late"))
        assert await answering
    assert await in_database(bot_messages) == []


async def test_one_slow_answer_does_not_hold_up_other_sessions(session: ChatSession) -> None:
    await in_database(make_session, "s-2")
    with chosen(ScriptedEngine()) as engine:
        async with running():
            await in_database(post)
            await until(lambda: len(engine.asked) == 1)
            write = partial(post_customer_message, session_name="s-2", content="hi", client_id="c-1", credentials=None)
            await in_database(write)
            await until(lambda: len(engine.asked) == 2)
            engine.say(whole("one"), whole("two"))
            await until(lambda: len(bot_messages()) == 2)


async def test_of_one_session_one_answer_is_made_after_the_other(session: ChatSession) -> None:
    with chosen(ScriptedEngine()) as engine:
        async with running():
            await in_database(post, "first", client_id="c-1")
            await until(lambda: engine.asked)
            await in_database(post, "second", client_id="c-2")
            engine.say(whole("one"), whole("two"))
            await until(lambda: len(bot_messages()) == 2)
    assert [question.text for question in engine.asked] == ["first", "second"]
    assert [line.text for line in engine.asked[1].context.lines] == ["first", "one"]


async def test_a_slow_answer_keeps_its_lease(session: ChatSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "RENEW_EVERY", 1)
    with chosen(ScriptedEngine()) as engine:
        async with running():
            await in_database(post)
            await until(lambda: engine.asked)
            first = (await in_database(BotTurn.objects.get)).lease_until
            await until(lambda: BotTurn.objects.get().lease_until > first)
            engine.say(whole("Hello"))
            await until(bot_messages)


async def test_while_the_database_is_away_nothing_is_shown_and_nothing_lost(
    session: ChatSession, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    show = mock.Mock(side_effect=[OperationalError("away"), mock.DEFAULT, mock.DEFAULT], wraps=work.show)
    monkeypatch.setattr(work, "show", show)
    with chosen(ScriptedEngine("Hel")) as engine:
        async with running():
            await in_database(post)
            await until(lambda: shown() == "Hel")
            engine.say(whole("Hello"))
            (answer,) = await until(bot_messages)
    assert text_of(seen, answer.client_id) == "Hel"


async def test_what_an_engine_calls_the_conversation_is_kept(session: ChatSession) -> None:
    row = await in_database(BotEngine.objects.create, name="Sales")
    with chosen(ScriptedEngine(Outcome(Action.ANSWER, "Hi", thread="t-1"), whole("Ho")), row_id=row.pk) as engine:
        async with running():
            for number in (1, 2):
                await in_database(post, client_id=f"c-{number}")
                await until(partial(answered, number))
    assert [question.context.thread for question in engine.asked] == ["", "t-1"]
    assert (await in_database(BotThread.objects.get)).thread == "t-1"


async def test_what_the_bot_is_not_sure_of_is_noted(session: ChatSession) -> None:
    unsure = Outcome(Action.REFUSE, "I do not know.", confidence=0.1, is_unsure=True)
    with chosen(ScriptedEngine(unsure, whole("Hello"))):
        async with running():
            for number in (1, 2):
                await in_database(post, f"question {number}", client_id=f"c-{number}")
                await until(partial(answered, number))
    noted = await in_database(lambda: list(UnansweredQuestion.objects.values_list("text", "confidence")))
    assert noted == [("question 1", 0.1)]


async def test_who_wishes_for_a_human_gets_one_whatever_his_engine_would_say(session: ChatSession) -> None:
    with chosen(ScriptedEngine(whole("Hello"))) as engine:
        async with running():
            await in_database(post, "I want to talk to a human")
            await until(lambda: ChatSession.objects.get().status == Status.PENDING_MANUAL)
    assert (engine.asked, await in_database(bot_messages)) == ([], [])


async def test_a_vip_of_whose_question_an_engine_is_unsure_is_handed_over(session: ChatSession) -> None:
    await in_database(VipCustomer.objects.create, address="@example.com")
    await in_database(ChatSession.objects.update, customer_email="ann@example.com")
    with chosen(ScriptedEngine(Outcome(Action.REFUSE, "I do not know.", is_unsure=True))):
        async with running():
            await in_database(post)
            await until(lambda: ChatSession.objects.get().status == Status.PENDING_MANUAL)


async def test_what_was_shown_before_a_hand_over_is_kept(session: ChatSession, seen: list[Any]) -> None:
    with chosen(ScriptedEngine("I will get somebody.")) as engine:
        async with running():
            message_id = await in_database(post)
            await until(lambda: shown() == "I will get somebody.")
            engine.say(Outcome(Action.HAND_OVER, reason="a complaint"))
            await until(lambda: ChatSession.objects.get().status == Status.PENDING_MANUAL)
    assert await in_database(endings) == [(f"bot-{message_id}", text_of(seen, f"bot-{message_id}"), None)]
