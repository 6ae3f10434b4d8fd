"""A bot outside as an engine: all that is the same whatever it is spoken to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from chatbot.bot.engine.embedded import EmbeddedEngine
from chatbot.bot.engine.interface import EngineTrouble, Outcome, Question, Text
from chatbot.bot.engine.outside import dify, openai_compatible
from chatbot.bot.engine.outside.connections import connection_to
from chatbot.bot.engine.outside.endpoint import Endpoint
from chatbot.bot.engine.outside.trouble import troubles
from chatbot.models import EngineKind


@dataclass(frozen=True, slots=True)
class OutsideEngine:
    """Asks its endpoint, and believes of the answer what it may. To close the answer ends the request."""

    endpoint: Endpoint

    async def answer(self, question: Question) -> AsyncGenerator[Text | Outcome, None]:
        if self.endpoint.key is None:
            raise EngineTrouble("no_key")
        if not question.text.strip():  # files alone, which are not sent
            async for each in EmbeddedEngine().answer(question):
                yield each
            return
        ask = dify.answer if self.endpoint.kind == EngineKind.DIFY else openai_compatible.answer
        with troubles():
            connection = await connection_to(self.endpoint)
        async with aclosing(ask(question, connection)) as answer:
            with troubles():
                async for each in answer:
                    yield each
