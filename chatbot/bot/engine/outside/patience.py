"""How long a bot outside is waited for."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from chatbot.bot.engine.interface import EngineTrouble
from chatbot.bot.engine.outside.endpoint import Endpoint

T = TypeVar("T")


class Patience:
    """Three limits of one answer: to its first words, between words, and for the whole. Lives in a running loop.

    Between words it is that of the first ones. What an endpoint sends beside words (a ping, a thought, the step that it
    is at) is no sign of an answer.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + endpoint.total_seconds
        self._pause = self._left = endpoint.first_token_seconds
        self._has_heard = False

    def hear(self) -> None:
        """Note that words came."""
        self._has_heard = True
        self._left = self._pause

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Its result; it is cancelled, and EngineTrouble raised, when a limit is reached first.

        What the caller does with words is not waiting for the next ones.
        """
        begun = self._loop.time()
        try:
            async with asyncio.timeout_at(min(self._end, begun + self._left)):
                return await awaitable
        except TimeoutError:
            raise EngineTrouble(self._code()) from None
        finally:
            self._left -= self._loop.time() - begun

    def _code(self) -> str:
        if self._loop.time() >= self._end:
            return "too_slow"
        return "stalled" if self._has_heard else "no_words"
