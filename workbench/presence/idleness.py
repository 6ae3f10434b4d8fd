"""Agents who have done nothing at their desks for a while are away: a desk that is open overnight is nobody there."""

import asyncio
import logging
import random
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext_noop

from chatbot.conversations import agent_states
from realtime.database import in_database, log_fault, read_database
from realtime.log import leases
from workbench.access.signs_of_life import give_back, take_signs

SWEEP_SECONDS = 15.0
# Signs that another process has not noted yet count, too.
LATE = timedelta(seconds=2 * SWEEP_SECONDS)
TURN = timedelta(seconds=SWEEP_SECONDS)

NO_INPUT = gettext_noop("No input for {minutes} minutes")

logger = logging.getLogger(__name__)


async def set_idle_agents_away() -> None:
    """Look every few seconds, for as long as this process lives; never where AWAY_AFTER_MINUTES is 0."""
    clock = asyncio.get_running_loop().time
    may_judge_from = clock() + settings.AWAY_AFTER_MINUTES * 60
    while settings.AWAY_AFTER_MINUTES:
        await asyncio.sleep(SWEEP_SECONDS * random.uniform(0.9, 1.1))
        try:
            await sweep(judges=clock() >= may_judge_from)
        except DatabaseError as error:
            log_fault(logger, error, "could not look for idle agents, will try again")
        except Exception:
            logger.exception("could not look for idle agents, will try again")


async def sweep(*, judges: bool = True) -> None:
    """Note who has done something, then set away who has not, one process of all.

    `judges` is false while this process has not run for as long as somebody may do nothing: of before, it knows only
    what another one has noted, and after an upgrade nobody has.
    """
    if signs := take_signs():
        try:
            await in_database(agent_states.note_input, signs)
        except DatabaseError:
            give_back(signs)
            raise
    if not judges:
        return
    since = timedelta(minutes=settings.AWAY_AFTER_MINUTES) + LATE
    if not await read_database(agent_states.find_idle, since):
        return
    if await in_database(leases.take, "idle-agents", TURN):
        reason = NO_INPUT.format(minutes=settings.AWAY_AFTER_MINUTES)
        await in_database(agent_states.make_idle_away, since, reason=reason)
