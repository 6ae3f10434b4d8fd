"""Bots outside that talk without end cost neither the loop nor memory: they are cut, or trouble."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from chatbot.bot.engine.interface import EngineTrouble
from chatbot.bot.engine.outside.citations import Citations, RagflowCitations
from chatbot.bot.engine.outside.completion_chunks import Completion
from chatbot.bot.engine.outside.language_model import MAX_TRANSLATION_LENGTH, LanguageModel
from chatbot.bot.engine.outside.shown_text import ShownText
from chatbot.models import MAX_CONTENT_LENGTH, EngineKind
from chatbot.tests.outside import Bot, running
from harness.bots.completions import echo, whole, words
from harness.bots.server import STALL, Answer


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async for each in running(echo, EngineKind.OPENAI):
        yield each


@pytest.mark.parametrize("rewriting", [Citations(3), RagflowCitations()])
def test_a_model_that_runs_away_in_line_breaks_does_not_hold_the_loop(rewriting: object) -> None:
    """Models do that. 2,000 pieces of one line break; each piece searches all of them anew, from each of them."""
    shown = ShownText(rewriting=rewriting)  # type: ignore[arg-type]
    shown.add("All right:")
    begun = time.process_time()
    with pytest.raises(EngineTrouble):
        any(map(shown.add, "\n" * 2000))
    assert time.process_time() - begun < 1


def test_a_long_answer_in_one_piece_is_cut_and_no_nonsense() -> None:
    """As bots outside give it that do not stream word by word (a node of Dify, RAGFlow's agents)."""
    shown = ShownText()
    shown.add("word " * 2000)
    assert len(shown.shown) == MAX_CONTENT_LENGTH


async def test_a_long_message_is_translated(bot: Bot) -> None:
    """2,500 Chinese characters are some 9,000 letters of English."""
    bot.stub.plans.append(whole("word " * 1800))
    assert await LanguageModel(bot.endpoint).translate("字" * 2500, "en")


async def test_a_translation_is_longer_than_a_message_can_be(bot: Bot) -> None:
    bot.stub.plans.append(whole("word " * 1400 + "END"))
    assert (await LanguageModel(bot.endpoint).translate("字" * 2000, "en")).endswith("END")


async def test_a_translation_without_end_is_cut(bot: Bot) -> None:
    bot.stub.plans.append(whole("word " * 20_000))
    text = await LanguageModel(bot.endpoint).translate("字" * 4000, "en")
    assert len(text) == MAX_TRANSLATION_LENGTH
    assert text.endswith("…")


def test_calls_without_number_are_nonsense() -> None:
    completion = Completion()
    calls = ({"index": index, "function": {"name": "x" * 1000, "arguments": "y" * 1000}} for index in range(20_000))
    chunks = ({"choices": [{"delta": {"tool_calls": [call]}}]} for call in calls)
    with pytest.raises(EngineTrouble):
        any(map(completion.hear, chunks))


async def test_a_key_that_is_not_ascii_is_trouble(bot: Bot) -> None:
    assert await bot.set(key="clé").trouble()


async def test_json_without_end_is_trouble() -> None:
    from harness.bots.server import Answer

    async for each in running(echo, EngineKind.DIFY):
        each.stub.plans.append(Answer([b"data: " + b"[" * 100_000 + b"\n\n"]))
        assert await each.trouble()


@pytest.mark.django_db(transaction=True)
async def test_the_deadline_holds_for_a_model_that_runs_away_in_line_breaks(bot: Bot) -> None:
    """One step: 7,900 chunks that are there at once: what is no word is waited for 2 s, and all other work goes on."""
    await bot.ask()  # the library is imported
    bot.stub.plans.append(Answer([b"".join(words("All right:", *["\n"] * 7900)), STALL]))  # type: ignore[arg-type]
    held = 0.0  # seconds of processor time for which nothing else had its turn

    async def tick() -> None:
        nonlocal held
        while True:
            used = time.process_time()
            await asyncio.sleep(0.01)
            held = max(held, time.process_time() - used)

    ticking = asyncio.create_task(tick())
    begun = time.monotonic()
    code = await bot.set(total_seconds=15, first_token_seconds=2).trouble()
    took = time.monotonic() - begun
    ticking.cancel()
    assert took < 10, code
    assert held < 1
