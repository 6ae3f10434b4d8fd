"""Bots behind an OpenAI-compatible endpoint."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from chatbot.bot.engine.interface import EngineTrouble, Outcome, Question, Text
from chatbot.bot.engine.outside.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class OpenAIEngine:
    """Asks an endpoint for a chat completion, and believes of it what it may."""

    endpoint: Endpoint

    async def answer(self, question: Question) -> AsyncGenerator[Text | Outcome, None]:
        raise EngineTrouble("no_key" if self.endpoint.key is None else "not_spoken_to_yet")
        yield
