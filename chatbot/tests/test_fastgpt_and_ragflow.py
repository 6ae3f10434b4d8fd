"""Bots of FastGPT and RAGFlow: what of OpenAI's protocol is another with them."""

from collections.abc import AsyncIterator

import pytest

from chatbot.bot.engine.interface import Action, Line, Source
from chatbot.models import EngineKind
from chatbot.tests.outside import Bot, question, running
from harness.bots.completions import end, words
from harness.bots.fastgpt import FastGpt
from harness.bots.ragflow import CHUNK, RagFlow
from harness.bots.server import Answer, event

HUMAN_PART = (Line("customer", "Where is my order?"), Line("agent", "On its way.", "Alice"))


@pytest.fixture
def fastgpt() -> FastGpt:
    return FastGpt("secret")


@pytest.fixture
async def bot(fastgpt: FastGpt) -> AsyncIterator[Bot]:
    async for each in running(fastgpt, EngineKind.FASTGPT, "/api/v1"):
        yield each


@pytest.fixture
async def assistant() -> AsyncIterator[Bot]:
    async for each in running(RagFlow("secret"), EngineKind.RAGFLOW, "/api/v1/chats_openai/chat-1"):
        yield each


async def test_fastgpt_answers(bot: Bot) -> None:
    outcome = await bot.ask()
    assert (outcome.action, outcome.text) == (Action.ANSWER, "You asked: Are you open on Sundays?")


async def test_fastgpt_keeps_the_conversation_under_a_name_of_the_session_s(bot: Bot, fastgpt: FastGpt) -> None:
    first = await bot.ask(question("One?"))
    second = await bot.ask(question("Two?", thread=first.thread))
    assert first.thread == second.thread
    assert first.thread.startswith("s-1-")
    assert fastgpt.chats[first.thread].queries == ["One?", "Two?"]


async def test_fastgpt_begins_anew_where_the_session_has_no_name_for_it(bot: Bot, fastgpt: FastGpt) -> None:
    """A chat that was reopened must not read its old hand-over."""
    first, second = await bot.ask(question("One?")), await bot.ask(question("Two?"))
    assert first.thread != second.thread
    assert len(fastgpt.chats) == 2


async def test_fastgpt_gets_what_agents_said_as_a_variable(bot: Bot, fastgpt: FastGpt) -> None:
    """It reads no message but the last."""
    outcome = await bot.ask(question("Well?", Line("customer", "hi"), Line("bot", "Hello."), *HUMAN_PART))
    chat = fastgpt.chats[outcome.thread]
    assert chat.variables["human_transcript"] == "Customer: Where is my order?\nAlice: On its way."
    assert chat.queries[-1].endswith("Well?")


async def test_fastgpt_can_call_people_by_our_api(bot: Bot, fastgpt: FastGpt) -> None:
    outcome = await bot.ask()
    assert fastgpt.chats[outcome.thread].variables["hand_over_token"] == "token"


async def test_fastgpt_calls_a_human_by_the_marker(bot: Bot, fastgpt: FastGpt) -> None:
    fastgpt.reply = lambda chat: "I will get somebody. [[HUMAN]]"
    outcome = await bot.set(marker="[[HUMAN]]").ask()
    assert (outcome.action, outcome.thread) == (Action.HAND_OVER, next(iter(fastgpt.chats)))
    assert "".join(bot.pieces) == "I will get somebody."


async def test_fastgpt_s_fault_in_the_stream_is_trouble(bot: Bot) -> None:
    bot.stub.plans.append(Answer([event({"code": 500, "message": "what the customer said"}, "error")]))
    assert await bot.trouble() == "nonsense"
    assert await bot.set(key="another").trouble() == "http_403"


async def test_ragflow_answers_with_its_documents(assistant: Bot) -> None:
    outcome = await assistant.ask()
    assert (outcome.action, outcome.text) == (Action.ANSWER, "You asked: Are you open on Sundays?")
    assert outcome.sources == (Source("hours.md", "https://shop.example.com/hours"),)


async def test_ragflow_gets_the_whole_conversation_each_time(assistant: Bot) -> None:
    await assistant.ask(question("Well?", Line("customer", "hi"), Line("bot", "Hello."), *HUMAN_PART))
    assert assistant.body["messages"] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Where is my order?"},
        {"role": "assistant", "content": "Alice: On its way."},
        {"role": "user", "content": "Well?"},
    ]


@pytest.mark.parametrize("reference", [[CHUNK], {"chunks": {"20": CHUNK}, "doc_aggs": {}}])
async def test_an_agent_of_ragflow_does_not_say_that_it_has_ended(assistant: Bot, reference: object) -> None:
    last = event({"choices": [{"delta": {"content": "", "reference": reference}, "finish_reason": None, "index": 0}]})
    assistant.stub.plans.append(Answer([*words("Daily."), last, *end()[1:]]))
    outcome = await assistant.ask()
    assert (outcome.text, [each.title for each in outcome.sources]) == ("Daily.", ["hours.md"])


async def test_only_a_link_to_a_page_is_one(assistant: Bot) -> None:
    reference = [{**CHUNK, "url": "javascript:alert(1)"}]
    last = event({"choices": [{"delta": {"reference": reference}, "finish_reason": "stop", "index": 0}]})
    assistant.stub.plans.append(Answer([*words("Daily."), last]))
    assert (await assistant.ask()).sources == (Source("hours.md"),)


async def test_what_ragflow_refuses_with_200_is_trouble(assistant: Bot) -> None:
    assert await assistant.set(key="another").trouble() == "empty"
