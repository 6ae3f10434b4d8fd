"""Has broadcast events numbered after their commit, where they are (realtime/log/numbering.py), and publishes them."""

import asyncio
import contextlib
import logging
import random

from django.db import DatabaseError

from realtime.database import in_database, read_database, tell_of_fault
from realtime.delivery.publisher import Publisher
from realtime.log import numbering

logger = logging.getLogger(__name__)


class Numberer:
    """One call at a time in a process numbers for all its threads: each of them for itself was half as fast as a
    counter that is locked until the commit (docs/operations.md)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, publisher: Publisher) -> None:
        self.is_more_waiting = False
        self._loop = loop
        self._publisher = publisher
        self._job: asyncio.Task[None] | None = None

    def number(self) -> None:
        """Number and publish what waits for its number. On a database thread; raises DatabaseError."""
        while envelopes := numbering.number_waiting():
            self._publisher.publish(envelopes)

    def soon(self) -> None:
        """Have it done, and return at once; called on commit, from any thread. After a fault `run` tries again."""
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self.is_more_waiting = True
        if self._job is None or self._job.done():
            self._job = self._loop.create_task(self._number_all(), name="numberer")

    async def _number_all(self) -> None:
        while self.is_more_waiting:
            self.is_more_waiting = False
            try:
                await in_database(self.number)
            except DatabaseError as error:
                tell_of_fault(logger, error, "events wait for their numbers")
            except RuntimeError as error:  # the interpreter ends, and starts no more threads
                if "shutdown" not in str(error):
                    raise
                self.is_more_waiting = True
                return

    async def run(self) -> None:
        """Number what another process committed before it ended, or this one could not number; as long as it lives."""
        while True:
            await asyncio.sleep(numbering.CHECK_SECONDS * random.uniform(0.8, 1.0))
            with contextlib.suppress(DatabaseError):
                if await read_database(numbering.is_waiting):
                    self._begin()

    async def flush(self) -> None:
        """Wait for what is being numbered."""
        if self._job is not None and not self._job.done():
            await asyncio.wait([self._job])
