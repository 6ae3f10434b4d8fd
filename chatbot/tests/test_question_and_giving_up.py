"""Who asks for a human while the bot answers, and then gives up waiting, gets his answer: nobody waits for nobody."""

import asyncio
from functools import partial

import pytest

from chatbot.bot import showing, turns
from chatbot.bot.answer_turn import answer_turn
from chatbot.bot.engine.interface import Action, Outcome
from chatbot.conversations import metrics
from chatbot.conversations.errors import InvalidStatus
from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.customers.actions.hand_over import hand_over
from chatbot.customers.actions.stop_answer import stop_answer
from chatbot.models import BotTurn, ChatSession, Status
from chatbot.tests.customer import make_session
from chatbot.tests.people import be_with_people_and_back, make_agent, set_status
from chatbot.tests.scripted_engine import ScriptedEngine, chosen, whole
from chatbot.tests.test_answers import shown
from chatbot.tests.test_turns import bot_messages, post, running, until
from realtime.database import in_database

SESSION = "s-1"


@pytest.fixture
def session(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> ChatSession:
    monkeypatch.setattr(showing, "SHOW_SECONDS", 0.001)
    monkeypatch.setattr(turns, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(turns, "TAKEOVER_INTERVAL_SECONDS", 0.01)
    return make_session(SESSION)


async def ask_for_a_human() -> None:
    await in_database(escalate, session_name=SESSION, reason="", credentials=None)


async def give_up() -> None:
    await in_database(cancel_escalation, session_name=SESSION, credentials=None)


def is_put_aside() -> bool:
    return BotTurn.objects.filter(fragments=1).exists()


async def test_a_question_whose_answer_was_in_the_making_is_answered_once(session: ChatSession) -> None:
    with chosen(ScriptedEngine("Hel")) as engine:
        async with running():
            message_id = await in_database(post)
            await until(lambda: shown() == "Hel")
            await ask_for_a_human()
            await until(is_put_aside)
            await give_up()
            engine.say(whole("Hello"))
            await until(lambda: not BotTurn.objects.exists())
    answers = [(each.client_id, each.content) for each in await in_database(bot_messages)]
    assert answers == [(f"bot-{message_id}-2", "Hello")]


async def test_so_it_is_where_he_gives_up_before_anybody_has_noticed(session: ChatSession) -> None:
    await in_database(post)
    turn = await in_database(BotTurn.objects.get)
    with chosen(ScriptedEngine()) as engine:
        answering = asyncio.create_task(answer_turn(turn_id=turn.pk, attempt=1))
        await until(lambda: engine.asked)
        await ask_for_a_human()
        await give_up()
        engine.say(whole("Hello"))
        assert await answering
    assert [each.content for each in await in_database(bot_messages)] == ["Hello"]
    assert not await in_database(BotTurn.objects.exists)


async def test_so_it_is_where_he_gives_up_before_the_answer_was_halted(session: ChatSession) -> None:
    """The process that answers had seen that he waits, and not yet that he does not any more."""
    halted = asyncio.Event()
    await in_database(post)
    turn = await in_database(BotTurn.objects.get)
    with chosen(ScriptedEngine()) as engine:
        answering = asyncio.create_task(answer_turn(turn_id=turn.pk, attempt=1, halted=halted))
        await until(lambda: engine.asked)
        await ask_for_a_human()
        await give_up()
        halted.set()
        assert await answering
        engine.say(whole("Hello"))
        async with running():
            await until(bot_messages)
    assert [each.content for each in await in_database(bot_messages)] == ["Hello"]


async def test_he_is_not_made_to_wait_again_for_what_he_asked_before(session: ChatSession) -> None:
    with chosen(ScriptedEngine("Let me see.")) as engine:
        async with running():
            await in_database(post)
            await until(shown)
            await ask_for_a_human()
            await until(is_put_aside)
            await give_up()
            engine.say("Let me see.", Outcome(Action.HAND_OVER, reason="cannot help"))
            (answer,) = await until(bot_messages)
    assert (await in_database(ChatSession.objects.get)).status == Status.BOT_ACTIVE
    offer = "An agent can help you with this, if you would like to wait for one after all."
    assert answer.content in (f"Let me see.\n\n{offer}", offer)
    assert answer.reply["offer_human"]


async def test_while_he_waits_nobody_takes_the_question(session: ChatSession) -> None:
    await in_database(post)
    await ask_for_a_human()
    assert await in_database(turns.claim_expired_turns) == []
    await in_database(metrics.measure)
    assert metrics.BOT_TURNS_EXPIRED._value.get() == 0
    await give_up()
    assert len(await in_database(turns.claim_expired_turns)) == 1


async def test_once_an_agent_has_the_session_the_question_is_his(session: ChatSession) -> None:
    await in_database(post)
    await ask_for_a_human()
    await in_database(make_agent)
    await in_database(set_status, SESSION, Status.MANUAL_LIVE)
    async with running():
        await until(lambda: not BotTurn.objects.exists())
    assert await in_database(bot_messages) == []


async def test_so_it_is_where_the_agent_was_faster_than_the_bot(session: ChatSession) -> None:
    await in_database(post)
    await in_database(be_with_people_and_back, SESSION)
    with chosen(ScriptedEngine(whole("Too late"))):
        async with running():
            await until(lambda: not BotTurn.objects.exists())
    assert await in_database(bot_messages) == []


async def test_what_he_stopped_is_not_answered_afterwards(session: ChatSession) -> None:
    await in_database(post)
    await in_database(stop_answer, session_name=SESSION, credentials=None)
    await ask_for_a_human()
    turn = await in_database(BotTurn.objects.get)
    assert await answer_turn(turn_id=turn.pk, attempt=1)
    await give_up()
    assert not await in_database(BotTurn.objects.exists)


async def test_the_question_keeps_its_context(session: ChatSession) -> None:
    with chosen(ScriptedEngine(whole("Blue is sold out."))) as engine:
        async with running():
            await in_database(post, "blue shoes?", client_id="c-1")
            await until(bot_messages)
            await in_database(post, "and red?", client_id="c-2")
            await until(lambda: len(engine.asked) == 2)
            await ask_for_a_human()
            await until(is_put_aside)
            await give_up()
            await until(lambda: len(engine.asked) == 3)
    assert [line.text for line in engine.asked[2].context.lines] == ["blue shoes?", "Blue is sold out."]


async def test_a_bot_outside_does_not_call_people_again_for_it(session: ChatSession) -> None:
    """By the token that it is given with the question, which is that of before he gave up."""
    with chosen(ScriptedEngine()) as engine:
        async with running():
            await in_database(post)
            await until(lambda: len(engine.asked) == 1)
            await ask_for_a_human()
            await until(is_put_aside)
            await give_up()
            await until(lambda: len(engine.asked) == 2)
            with pytest.raises(InvalidStatus):
                await in_database(partial(hand_over, token=engine.asked[1].context.hand_over_token, reason=""))
