"""An answer that is shown while it is made."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from django.db import OperationalError

from chatbot.bot import work
from chatbot.bot.work import LostTurn, Work
from realtime.database import in_database, log_fault

SHOW_SECONDS = 0.1  # between two pieces: each is a statement, and an event to each page

logger = logging.getLogger(__name__)


class Showing:
    """Gathers the pieces of an answer and shows them ten times a second.

    `halted` is set when the answer is to be made no further: the customer has stopped it, or another process has the
    turn.
    """

    def __init__(self, working: Work, halted: asyncio.Event) -> None:
        self._work = working
        self._halted = halted
        self._pieces: list[str] = []
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self._wake.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Show what is added until the block ends: what was not shown by then is not shown any more.

        On leaving, `work.turn.shown` is what was shown, to the byte.
        """
        task = asyncio.create_task(self._show())
        try:
            yield
        finally:
            self._ended.set()
            self._wake.set()
            await task  # not cancelled: the database thread may be about to show something

    async def _show(self) -> None:
        while not self._ended.is_set():
            await self._wake.wait()
            self._wake.clear()
            if not self._ended.is_set() and self._pieces:
                await self._show_pieces()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), SHOW_SECONDS)

    async def _show_pieces(self) -> None:
        count = len(self._pieces)
        try:
            is_wanted = await in_database(work.show, self._work, "".join(self._pieces))
        except OperationalError as error:
            log_fault(logger, error, "could not show a piece of an answer turn=%s", self._work.turn.pk)
            self._wake.set()  # it goes with the next one
            return
        except LostTurn:
            is_wanted = False
        del self._pieces[:count]
        if not is_wanted:
            self._halted.set()
