"""Notes in the database who has a stream in this process: customers, or agents.

A job compares, every second, what is open with what it has written: opening a stream and delivering to it cost nothing,
and whatever opens and closes meanwhile, in any order, what is written ends as what is open.
"""

import asyncio
import itertools
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Set
from typing import Protocol

from django.db import DatabaseError

from chatbot.conversations import presence
from realtime import process
from realtime.database import in_database, log_fault
from realtime.log.leases import HOLDER

LOOK_SECONDS = 1.0
HOLD_SECONDS = 10.0  # a third of the lease
MAX_CHANGES = 500  # in one transaction, so that messages do not wait for it

logger = logging.getLogger(__name__)


class Change(Protocol):
    """Notes who came to a process, and who is gone from it.

    Returns who of those that came is still to be noted; None, with nothing written, if the process has no lease.
    """

    def __call__(self, holder: str, *, came: Collection[str], went: Collection[str]) -> Set[str] | None: ...


class PresenceKeeper:
    """What one process has written. Lives in one loop; `clock` is a monotonic one, in seconds.

    Who comes back within `grace_seconds` was never gone: a page that is loaded anew, or whose stream is cut. Nothing is
    written, nobody is told.
    """

    def __init__(
        self,
        change: Change,
        grace_seconds: float,
        holder: str = HOLDER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = change
        self._grace_seconds = grace_seconds
        self._holder = holder
        self._clock = clock
        self._written: set[str] = set()
        self._gone_since: dict[str, float] = {}
        self._held_at = -math.inf

    @property
    def written(self) -> Set[str]:
        return self._written

    async def look(self, open_now: Set[str], *, over: Set[str] = frozenset()) -> None:
        """Write what differs: who came, and who has been gone for long enough. Raises DatabaseError.

        Who is `over` will not come back: of these nobody waits. After an error the next look writes what is missing.
        """
        if not open_now and not self._written:
            return
        if self._clock() - self._held_at >= HOLD_SECONDS:
            await self._hold()
        went = self._gone_for_long(open_now) | (self._written & over - open_now)
        for part in _parts(open_now - self._written):
            await self._change(came=part)
        for part in _parts(went):
            await self._change(went=part)

    async def _hold(self) -> None:
        if not await in_database(presence.hold, self._holder):
            self._written.clear()  # this process stood still for so long that others took it for dead
        self._held_at = self._clock()

    async def _change(self, *, came: Set[str] = frozenset(), went: Set[str] = frozenset()) -> None:
        left = await in_database(self._write, self._holder, came=came, went=went)
        if left is None:
            self._held_at = -math.inf  # the next look begins anew
        else:
            self._written = (self._written | (came - left)) - went

    def _gone_for_long(self, open_now: Set[str]) -> Set[str]:
        now = self._clock()
        self._gone_since = {name: self._gone_since.get(name, now) for name in self._written - open_now}
        return {name for name, since in self._gone_since.items() if now - since >= self._grace_seconds}


async def keep(look: Callable[[], Awaitable[None]]) -> None:
    """Look each second, for as long as this process lives.

    What a process that ends has written counts until its lease runs out: its people come back to another one.
    """
    streams = process.current().streams
    while True:
        await asyncio.sleep(LOOK_SECONDS * random.uniform(0.9, 1.1))
        if streams.is_draining:
            return
        try:
            await look()
        except DatabaseError as error:
            log_fault(logger, error, "could not note who is here, will try again")
        except Exception:
            logger.exception("could not note who is here, will try again")


def _parts(names: Set[str]) -> Iterator[Set[str]]:
    rest = iter(names)
    while part := frozenset(itertools.islice(rest, MAX_CHANGES)):
        yield part
