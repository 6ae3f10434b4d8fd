"""Of what an endpoint sends no more is read, or held, than an answer can have."""

from collections.abc import AsyncIterator

import pytest

from chatbot.bot.engine.interface import EngineTrouble
from chatbot.bot.engine.outside import size
from chatbot.bot.engine.outside.language_model import LanguageModel
from chatbot.models import EngineKind
from chatbot.tests.outside import Bot, running
from harness.bots.completions import chunk, echo, says, whole
from harness.bots.server import STALL, Answer

THOUGHT = chunk({"reasoning_content": "x" * 1000})


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async for each in running(echo, EngineKind.OPENAI):
        yield each.set(sends_knowledge=False)


async def test_a_whole_answer_of_any_size_is_not_read(bot: Bot) -> None:
    """It stalls behind what is too much: who reads on waits until he is told that it is too slow."""
    body = b'{"choices": "' + b"x" * size.MAX_JSON_BYTES
    bot.stub.plans.append(Answer([body, STALL], content_type="application/json; charset=utf-8"))
    with pytest.raises(EngineTrouble, match="nonsense"):
        await LanguageModel(bot.endpoint).translate("Hello", "zh-hans")


async def test_a_whole_answer_as_large_as_it_may_be_is_read(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = whole("Hello")
    monkeypatch.setattr(size, "MAX_JSON_BYTES", sum(len(step) for step in answer.steps if isinstance(step, bytes)))
    bot.stub.plans.append(answer)
    assert await LanguageModel(bot.endpoint).translate("你好", "en") == "Hello"


async def test_a_stream_of_any_size_is_not_read(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MAX_STREAM_BYTES", 50 * len(THOUGHT))
    bot.stub.plans.append(Answer([THOUGHT] * 51 + [STALL]))
    assert await bot.trouble() == "nonsense"


async def test_a_line_without_end_is_not_held(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MAX_JSON_BYTES", 100_000)
    bot.stub.plans.append(Answer([b"data: ", b"x" * 100_000, STALL]))
    assert await bot.trouble() == "nonsense"


async def test_lines_that_are_short_may_be_many(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MAX_JSON_BYTES", 2 * len(THOUGHT))
    bot.stub.plans.append(Answer([*[THOUGHT] * 300, *says("Hello").steps]))
    assert (await bot.ask()).text == "Hello"


async def test_what_says_that_it_failed_is_not_read_without_end_either(bot: Bot) -> None:
    body = b"x" * (size.MAX_JSON_BYTES + 1)
    bot.stub.plans.append(Answer([body, STALL], status=500, content_type="application/json"))
    assert await bot.trouble() == "nonsense"


async def test_each_answer_of_a_connection_may_have_as_much(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MAX_STREAM_BYTES", 3000)
    for _ in range(5):
        bot.stub.plans.append(says("x" * 1500))
        assert (await bot.ask()).text == "x" * 1500


async def test_nothing_packed_is_asked_for(bot: Bot) -> None:
    await bot.ask()
    assert {name.lower(): value for name, value in bot.stub.received[-1].headers.items()}[
        "accept-encoding"
    ] == "identity"
