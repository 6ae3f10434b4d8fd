"""The job that keeps queues moving, in each process of the workbench; one of them has the turn (turn.py).

It looks when something may have become possible: at an event that frees or asks, and once a second for what no event
tells of. Without Redis the events come through the log; without events the look each second remains.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence

from django.db import DatabaseError, OperationalError

from chatbot.conversations.events import desk_of
from chatbot.conversations.teams import further_keys
from realtime.api import Missed, subscribe
from realtime.database import in_database, log_fault, read_database
from realtime.database.threads import is_lock_timeout
from realtime.groups import Channel
from workbench.assignment.holds import end_holds
from workbench.assignment.lapses import end_lapsed_offers
from workbench.assignment.quiet_customers import attend_quiet_customers
from workbench.assignment.round import MAX_MATCHES, run_round
from workbench.assignment.silence import requeue_unanswered
from workbench.assignment.turn import NotOurTurn
from workbench.assignment.waited_rules import try_waited_rules
from workbench.waking import waking

LOOK_SECONDS = 1.0
# While another process has the turn and leaves something undone.
RETRY_SECONDS = 0.2
# Between two looks at most, so that many events at once cost one; else as long as the last look took.
PAUSE_SECONDS = 0.05

# How soon a team that is made is listened to; until then a look a second is what its sessions have.
DESKS_SECONDS = 5.0

SWEEPS = (end_lapsed_offers, end_holds, requeue_unanswered, attend_quiet_customers, try_waited_rules)

WAKING_TYPES = frozenset({"status_change", "transfer_request", "agent_status", "agents_changed", "session_updated"})

logger = logging.getLogger(__name__)


async def assign_sessions() -> None:
    """Look for as long as this process lives."""
    woken = waking()
    next_sweep = 0.0
    clock = asyncio.get_running_loop().time
    delay = LOOK_SECONDS
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), delay * random.uniform(0.9, 1.1))
        woken.clear()
        is_sweep = clock() >= next_sweep
        if is_sweep:
            next_sweep = clock() + LOOK_SECONDS * 0.9
        began = clock()
        is_done = await _try_to_look(is_sweep=is_sweep)
        if not is_done:
            next_sweep = 0.0
        delay = LOOK_SECONDS if is_done else RETRY_SECONDS
        await asyncio.sleep(min(PAUSE_SECONDS, clock() - began))


async def wake_by_events() -> None:
    """Wake the job of this process by what any process tells the desks."""
    while True:
        try:
            desks = await read_database(_desks)
            await _wake_by_events_of(desks)
        except DatabaseError as error:
            log_fault(logger, error, "assignment hears of nothing for a moment")
        except Missed as error:
            logger.warning("assignment heard nothing for a moment: %s", error)
        waking().set()
        await asyncio.sleep(RETRY_SECONDS)


async def _wake_by_events_of(desks: Sequence[Channel]) -> None:
    """Until there are other teams."""
    listening = asyncio.create_task(_listen(desks))
    try:
        while await read_database(_desks) == desks:
            done, _ = await asyncio.wait([listening], timeout=DESKS_SECONDS)
            for each in done:
                each.result()  # it ends by an error only
    finally:
        listening.cancel()


async def _listen(desks: Sequence[Channel]) -> None:
    async for event in subscribe(channels=desks):
        if event.type in WAKING_TYPES:
            waking().set()


def _desks() -> list[Channel]:
    return [desk_of(None), *map(desk_of, further_keys())]


async def _try_to_look(*, is_sweep: bool) -> bool:
    """False if something is left to do, which another process may be doing. After a fault the next look does it."""
    try:
        return await in_database(look, is_sweep=is_sweep)
    except NotOurTurn:
        return False
    except DatabaseError as error:
        log_fault(logger, error, "could not assign, will try again")
    except Exception:
        logger.exception("could not assign, will try again")
    return True


def look(*, is_sweep: bool = True) -> bool:
    """Do what is to be done now, and return whether that was all; `is_sweep`: also what only time brings.

    Where no team offers it costs six queries, or one; without anything to do it never writes. Raises NotOurTurn.
    """
    for sweep in SWEEPS if is_sweep else ():
        _go_past_locks(sweep)
    return run_round() < MAX_MATCHES


def _go_past_locks(sweep: Callable[[], int]) -> None:
    """A row that somebody holds for long, an agent's, keeps back this sweep and no other: they and the round go on."""
    try:
        sweep()
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        log_fault(logger, error, "a sweep will be tried again sweep=%s", sweep.__name__)
