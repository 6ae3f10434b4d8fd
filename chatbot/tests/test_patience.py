"""How long a bot outside is waited for: to its first words, between words, and for the whole."""

import asyncio
from typing import Any

import pytest

from chatbot.bot.engine.interface import EngineTrouble
from chatbot.bot.engine.outside.endpoint import Endpoint
from chatbot.bot.engine.outside.patience import Patience
from chatbot.models import EngineKind


def patience(first: float, total: float = 60) -> Patience:
    return Patience(Endpoint(EngineKind.OPENAI, "", first_token_seconds=first, total_seconds=total))


async def trouble(waiting: Any) -> str:
    with pytest.raises(EngineTrouble) as caught:
        await waiting
    return str(caught.value)


def never() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def steps(some: Patience) -> None:
    for _ in range(100):
        await some.wait(asyncio.sleep(0.01))


async def test_what_comes_in_time_is_given() -> None:
    assert await patience(60).wait(asyncio.sleep(0, "words")) == "words"


async def test_first_words_have_a_limit() -> None:
    assert await trouble(patience(0.01).wait(never())) == "no_words"


async def test_silence_after_words_has_one() -> None:
    some = patience(0.01)
    some.hear()
    assert await trouble(some.wait(never())) == "stalled"


async def test_the_whole_has_one() -> None:
    some = patience(60, total=0.01)
    some.hear()
    assert await trouble(some.wait(never())) == "too_slow"


async def test_what_is_no_word_gives_no_more_time() -> None:
    some = patience(0.1)
    assert await trouble(steps(some)) == "no_words"


async def test_what_is_done_with_words_is_no_waiting() -> None:
    some = patience(0.2)
    await asyncio.sleep(0.3)
    assert await some.wait(asyncio.sleep(0, "words")) == "words"


async def test_what_is_given_up_is_cancelled() -> None:
    waited = never()
    await trouble(patience(0.01).wait(waited))
    assert waited.cancelled()
