"""Numbers broadcast events after their commit (PostgreSQL only, realtime/log/numbering.py) and publishes them."""

import asyncio
import contextlib
import logging
import random

from django.db import DatabaseError

from realtime.database import in_database, log_fault, read_database
from realtime.delivery.publisher import Publisher
from realtime.log import numbering

logger = logging.getLogger(__name__)


class Numberer:
    """One call at a time numbers for all threads of a process: with a call each it was half as fast as a counter that
    is locked until the commit (docs/operations.md)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, publisher: Publisher) -> None:
        self.is_more_waiting = False
        self._loop = loop
        self._publisher = publisher
        self._job: asyncio.Task[None] | None = None

    def number(self) -> None:
        """Number and publish the events that wait for it. On a database thread; raises DatabaseError."""
        while envelopes := numbering.number_waiting():
            self._publisher.publish(envelopes)

    def soon(self) -> None:
        """Begin to number, and return at once; called on commit, from any thread. After a fault `run` tries again."""
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
                log_fault(logger, error, "events wait for their numbers")
            except RuntimeError as error:  # the interpreter ends, and starts no more threads
                if "shutdown" not in str(error):
                    raise
                self.is_more_waiting = True
                return

    async def run(self) -> None:
        """For as long as the process lives: number what another process left, or what failed here before."""
        while True:
            await asyncio.sleep(numbering.CHECK_SECONDS * random.uniform(0.8, 1.0))
            with contextlib.suppress(DatabaseError):
                if await read_database(numbering.is_waiting):
                    self._begin()

    async def flush(self) -> None:
        """Wait for what is being numbered."""
        if self._job is not None and not self._job.done():
            await asyncio.wait([self._job])
