"""What tests of bots outside share: a stub to ask, and what became of the asking."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chatbot.bot.engine.interface import Context, EngineTrouble, Line, Outcome, Question, Text
from chatbot.bot.engine.outside import openai_compatible
from chatbot.bot.engine.outside.connections import close_connections
from chatbot.bot.engine.outside.endpoint import Endpoint
from chatbot.bot.engine.outside.engine import OutsideEngine
from chatbot.bot.engine.outside.passages import Passage
from chatbot.models import EngineKind
from harness.bots.server import Behaviour, StubBot

PASSAGES = (
    Passage("When are you open?", "From 9 to 18 o'clock.", "https://shop.example.com/hours"),
    Passage("Are you open on Sundays?", "We are closed on Sundays."),
    Passage("Where is the shop?", "In the High Street."),
)


def question(text: str = "Are you open on Sundays?", *lines: Line, thread: str = "") -> Question:
    return Question(text, Context("s-1", "en", lines=lines, thread=thread, hand_over_token="token"))


class Bot:
    """A bot outside that is a stub, and how it is spoken to. What an engine waits for in vain is short."""

    def __init__(self, stub: StubBot, kind: EngineKind, path: str) -> None:
        self.stub = stub
        self.endpoint = Endpoint(kind, f"{stub.url}{path}", model="small", key="secret", total_seconds=20)
        self.pieces: list[str] = []

    def set(self, **fields: Any) -> "Bot":
        self.endpoint = replace(self.endpoint, **fields)
        return self

    @property
    def body(self) -> dict[str, Any]:
        """Of the latest request."""
        return self.stub.received[-1].body

    async def ask(self, asked: Question | None = None) -> Outcome:
        """The outcome; whatever it is, the pieces before it are the answer to the byte."""
        self.pieces.clear()
        async for each in OutsideEngine(self.endpoint).answer(asked or question()):
            if isinstance(each, Text):
                assert each.text
                self.pieces.append(each.text)
                continue
            assert not each.text or "".join(self.pieces) == each.text
            return each
        raise AssertionError("it ended without an outcome")

    async def trouble(self, asked: Question | None = None) -> str:
        with pytest.raises(EngineTrouble) as caught:
            await self.ask(asked)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return str(caught.value)


async def running(behaviour: Behaviour, kind: EngineKind, path: str = "/v1") -> AsyncIterator[Bot]:
    """A stub, for a fixture."""
    stub = StubBot(behaviour)
    await stub.start()
    yield Bot(stub, kind, path)
    await close_connections()
    await stub.stop()


def knows(monkeypatch: pytest.MonkeyPatch, passages: Sequence[Passage]) -> None:
    """The knowledge base has these, whatever is asked."""

    async def found(text: str) -> tuple[Passage, ...]:
        return tuple(passages)

    monkeypatch.setattr(openai_compatible, "passages_for", found)
