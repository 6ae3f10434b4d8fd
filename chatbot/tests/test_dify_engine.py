"""A bot that is an application of Dify, by its own API."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatbot.bot.engine.interface import Action, Line, Source, Text
from chatbot.bot.engine.outside.engine import OutsideEngine
from chatbot.models import MAX_CONTENT_LENGTH, EngineKind
from chatbot.tests.outside import Bot, question, running
from harness.bots.completions import fails
from harness.bots.dify import DOCUMENT, PING, Dify, end, frame, message, refusal, says
from harness.bots.server import BREAK_OFF, STALL, Answer, event, json_answer

HUMAN_PART = (Line("customer", "Where is my order?"), Line("agent", "On its way.", "Alice"))


@pytest.fixture
def dify() -> Dify:
    return Dify("secret")


@pytest.fixture
async def bot(dify: Dify) -> AsyncIterator[Bot]:
    async for each in running(dify, EngineKind.DIFY):
        yield each


async def stopped(bot: Bot) -> None:
    """The answer is stopped, for the user who has asked."""
    async with asyncio.timeout(10):
        request = await bot.stub.wait_for("/chat-messages/task-1/stop")
    assert request.body == {"user": "s-1"}


async def test_an_answer_comes_in_pieces_with_its_documents(bot: Bot) -> None:
    bot.stub.plans.append(says(" We", " are", " closed. "))
    outcome = await bot.ask()
    assert bot.pieces == ["We", " are", " closed."]
    assert (outcome.action, outcome.text) == (Action.ANSWER, "We are closed.")
    assert outcome.sources == (Source("Opening hours"),)


async def test_what_is_sent_is_the_question_for_the_session(bot: Bot) -> None:
    await bot.ask(question("Well?", Line("customer", "hi"), Line("bot", "Hello.")))
    assert bot.body == {
        "query": "Well?",
        "inputs": {"human_transcript": "", "hand_over_token": "token"},
        "response_mode": "streaming",
        "conversation_id": "",
        "user": "s-1",
        "auto_generate_name": False,
    }


async def test_a_conversation_is_gone_on_with(bot: Bot, dify: Dify) -> None:
    first = await bot.ask(question("One?"))
    second = await bot.ask(question("Two?", thread=first.thread))
    assert first.thread == second.thread == "conversation-1"
    assert dify.conversations["conversation-1"].queries == ["One?", "Two?"]


async def test_what_agents_said_goes_along(bot: Bot, dify: Dify) -> None:
    await bot.ask(question("Well?", *HUMAN_PART, Line("bot", "I am back.")))
    assert dify.conversations["conversation-1"].transcripts == ["Customer: Where is my order?\nAlice: On its way."]


async def test_a_conversation_that_dify_has_forgotten_is_begun_anew(bot: Bot) -> None:
    outcome = await bot.ask(question("Well?", thread="forgotten"))
    assert (outcome.text, outcome.thread) == ("You asked: Well?", "conversation-1")
    assert len(bot.stub.received) == 2


async def test_words_of_an_agent_application_are_words(bot: Bot) -> None:
    thought = frame("agent_thought", thought="I will look", tool="search", tool_input="{}")
    file = frame("message_file", url="https://x.example.com/cat.png")
    bot.stub.plans.append(Answer([thought, PING, message("Yes.", "agent_message"), file, end()]))
    outcome = await bot.ask()
    assert (outcome.text, outcome.sources) == ("Yes.", ())


async def test_a_text_that_is_replaced_before_it_was_shown_is_not_shown(bot: Bot) -> None:
    bot.stub.plans.append(Answer([message(" "), frame("message_replace", answer="I may not say that."), end()]))
    assert (await bot.ask()).text == "I may not say that."
    assert bot.pieces == ["I may not say that."]


async def test_a_text_that_is_replaced_by_a_longer_one_goes_on(bot: Bot) -> None:
    bot.stub.plans.append(Answer([message("We are"), frame("message_replace", answer="We are open."), end()]))
    assert (await bot.ask()).text == "We are open."
    assert bot.pieces == ["We are", " open."]


async def test_a_text_that_is_replaced_after_it_was_shown_is_void(bot: Bot) -> None:
    bot.stub.plans.append(Answer([message("We are"), frame("message_replace", answer="I may not say."), STALL]))
    assert await bot.trouble() == "replaced"
    await stopped(bot)


async def test_a_human_is_called_by_the_operator_s_marker(bot: Bot) -> None:
    bot.stub.plans.append(Answer([message("I will. [[HU"), message("MAN]] bye"), STALL]))
    outcome = await bot.set(marker="[[HUMAN]]").ask(question("I want to complain"))
    assert (outcome.action, outcome.text, outcome.reason) == (Action.HAND_OVER, "", "I want to complain")
    assert (bot.pieces, outcome.thread) == (["I will."], "conversation-1")
    await stopped(bot)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(400, "app_unavailable"), "http_400"),
        (refusal(401, "unauthorized"), "http_401"),
        (fails(500), "http_500"),
        (fails(302, Location="http://127.0.0.1:9/"), "http_302"),
        (refusal(429, "too_many_requests"), "busy"),
        (Answer([frame("error", status=400, code="invalid_param", message="what he said")]), "error"),
        (Answer([frame("workflow_finished", data={"status": "failed", "error": "what he said"})]), "error"),
        (Answer([message("We"), BREAK_OFF]), "broken_off"),
        (Answer([message("We")]), "broken_off"),
        (Answer([end()]), "empty"),
        (Answer([message(" \n"), end()]), "empty"),
        (Answer([b"data: {nonsense\n\n"]), "nonsense"),
        (Answer([b"data: [1]\n\n"]), "nonsense"),
        (Answer([b"data: \xff\xfe\n\n"]), "nonsense"),
        (Answer([frame("message")]), "nonsense"),
        (Answer([frame("message", answer=7)]), "nonsense"),
        (Answer([frame("message_end", metadata=[7])]), "nonsense"),
        (Answer([b"data: " + b"x" * 2_000_000]), "nonsense"),
        (json_answer({"event": "message", "answer": "in one piece"}), "broken_off"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_what_is_no_answer_is_trouble(bot: Bot, answer: Answer, code: str) -> None:
    bot.stub.plans.append(answer)
    assert await bot.trouble() == code


async def test_where_nobody_listens_is_trouble(bot: Bot) -> None:
    assert await bot.set(base_url="http://127.0.0.1:1/v1").trouble() == "no_connection"


async def test_one_that_is_busy_for_a_moment_is_asked_once_more(bot: Bot) -> None:
    bot.stub.plans.append(fails(429, **{"Retry-After": "0.01"}))
    assert (await bot.ask()).text == "You asked: Are you open on Sundays?"


@pytest.mark.parametrize("steps", [[STALL], [PING, frame("workflow_started", data={}), STALL]])
async def test_first_words_are_not_waited_for_without_end(bot: Bot, steps: list[bytes]) -> None:
    bot.stub.plans.append(Answer(steps))
    assert await bot.set(first_token_seconds=0.2).trouble() == "no_words"


async def test_an_answer_that_stalls_is_given_up_and_stopped(bot: Bot) -> None:
    bot.stub.plans.append(Answer([message("We"), message(" are"), PING, STALL]))
    assert await bot.set(first_token_seconds=1).trouble() == "stalled"
    await stopped(bot)


async def test_to_close_an_answer_stops_it(bot: Bot) -> None:
    bot.stub.plans.append(Answer([message("We"), STALL]))
    answer = OutsideEngine(bot.endpoint).answer(question())
    assert await anext(answer) == Text("We")
    await answer.aclose()
    await stopped(bot)
    async with asyncio.timeout(10):
        await bot.stub.received[0].client_left.wait()


async def test_to_cancel_who_waits_stops_it(bot: Bot) -> None:
    bot.stub.plans.append(Answer([message("We"), STALL]))
    heard = asyncio.Event()

    async def listen() -> None:
        async for _ in OutsideEngine(bot.endpoint).answer(question()):
            heard.set()

    listening = asyncio.create_task(listen())
    await heard.wait()
    listening.cancel()
    await stopped(bot)
    with pytest.raises(asyncio.CancelledError):
        await listening


async def test_an_answer_that_has_ended_is_not_stopped(bot: Bot) -> None:
    await bot.ask()
    await bot.ask()
    assert [each.path for each in bot.stub.received] == ["/v1/chat-messages"] * 2


async def test_an_answer_that_is_too_long_is_cut_and_stopped(bot: Bot) -> None:
    bot.stub.plans.append(Answer([*[message("x" * 100)] * 50, STALL]))
    assert (await bot.ask()).text == "x" * (MAX_CONTENT_LENGTH - 1) + "…"
    await stopped(bot)


async def test_a_task_that_is_no_name_is_no_part_of_an_address(bot: Bot) -> None:
    bot.stub.plans.append(Answer([event({"event": "message", "task_id": "../x", "answer": "We"}), BREAK_OFF]))
    assert await bot.trouble() == "broken_off"
    await bot.ask()
    assert [each.path for each in bot.stub.received] == ["/v1/chat-messages"] * 2


async def test_documents_come_once_each_and_not_too_many(bot: Bot) -> None:
    documents = [{**DOCUMENT, "document_name": f"Page {number // 2}"} for number in range(30)]
    bot.stub.plans.append(Answer([message("Yes."), end("conversation-1", *documents)]))
    assert [each.title for each in (await bot.ask()).sources] == [f"Page {number}" for number in range(5)]


async def test_without_its_key_nothing_is_sent(bot: Bot) -> None:
    assert await bot.set(key=None).trouble() == "no_key"
    assert not bot.stub.received
