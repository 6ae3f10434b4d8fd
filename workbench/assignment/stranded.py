"""Live conversations whose agent was deactivated go back to the queue, where other agents can take them.

The admin re-queues them at once; a sweep finds those of agents who were deactivated by a command, a script or SQL.
"""

import asyncio
import logging
import random
from collections.abc import Iterable
from datetime import timedelta

from django.db import DatabaseError

from chatbot.models import ChatSession
from realtime.database import in_database, log_fault, read_database
from realtime.log import leases
from workbench.actions.requeue import STRANDED, requeue_stranded

SWEEP_SECONDS = 5.0
TURN = timedelta(seconds=SWEEP_SECONDS)

logger = logging.getLogger(__name__)


def find_stranded(assignee_ids: Iterable[int] | None = None) -> list[str]:
    """The live sessions of agents who are not active, longest wait first; of these users only, if some are named."""
    live = ChatSession.objects.filter(STRANDED)
    if assignee_ids is not None:
        live = live.filter(assignee_id__in=assignee_ids)
    return list(live.order_by("waiting_since", "id").values_list("name", flat=True))


def requeue_sessions_of(assignee_ids: Iterable[int]) -> None:
    """Re-queue what these agents leave behind, each session in a transaction of its own.

    What fails is logged and left to the sweep.
    """
    try:
        for name in find_stranded(assignee_ids):
            requeue_stranded(session_name=name)
    except DatabaseError as error:
        log_fault(logger, error, "could not requeue sessions, the sweep will")


async def requeue_stranded_sessions() -> None:
    """Sweep every few seconds, in one process of all, for as long as this one lives."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS * random.uniform(0.8, 1.2))
        try:
            await sweep()
        except DatabaseError as error:
            log_fault(logger, error, "could not look for stranded sessions, will try again")


async def sweep() -> None:
    """Re-queue what is stranded, unless another process does it. If nothing is stranded, nothing is written."""
    stranded = await read_database(find_stranded)
    if not stranded or not await in_database(leases.take, "stranded", TURN):
        return
    for name in stranded:
        try:
            await in_database(requeue_stranded, session_name=name)
        except DatabaseError as error:  # it may be locked: go on with the others
            log_fault(logger, error, "could not requeue, will try again session=%s", name)
