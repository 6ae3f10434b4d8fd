"""An engine that does what a test says."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from unittest import mock

from chatbot.bot.engine.choice import ChosenEngine
from chatbot.bot.engine.interface import Action, EngineTrouble, Outcome, Question, Text


class ScriptedEngine:
    """Gives the pieces that are put into it, one by one; an Outcome or an exception ends the answer.

    `asked` are the questions that it was asked, `closed` counts answers that were ended early.
    """

    def __init__(self, *script: str | Outcome | Exception) -> None:
        self.script: asyncio.Queue[str | Outcome | Exception] = asyncio.Queue()
        self.asked: list[Question] = []
        self.closed = 0
        self.say(*script)

    def say(self, *script: str | Outcome | Exception) -> None:
        for step in script:
            self.script.put_nowait(step)

    async def answer(self, question: Question) -> AsyncGenerator[Text | Outcome, None]:
        self.asked.append(question)
        said = ""
        try:
            while True:
                step = await self.script.get()
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Outcome):
                    yield step
                    return
                said += step
                yield Text(step)
        except (GeneratorExit, asyncio.CancelledError):
            self.closed += 1
            raise


def whole(text: str) -> Outcome:
    return Outcome(Action.ANSWER, text)


def trouble() -> EngineTrouble:
    return EngineTrouble("stub")


@contextlib.contextmanager
def chosen(engine: ScriptedEngine, *, row_id: int | None = None) -> Iterator[ScriptedEngine]:
    """Every session's engine is this one."""
    with mock.patch("chatbot.bot.work.engine_of", return_value=ChosenEngine(engine, row_id)):
        yield engine
