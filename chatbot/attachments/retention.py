"""Deleting files that no message took, and those of conversations that are gone."""

import asyncio
import logging
import random
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Q
from django.db.models.functions import Now

from chatbot.attachments import storage
from chatbot.conversations.attachments import CLAIMABLE
from chatbot.models import Attachment
from realtime.database import in_database, log_fault, read_at_length
from realtime.log import leases

HOUR = timedelta(hours=1)
CHECK_SECONDS = (600, 1_200)  # whether it is time; not in the rush of a start, and not in every process at once
# After CLAIMABLE no message takes a file, and a transaction that began before has ended an hour later.
UNCLAIMED = CLAIMABLE + HOUR

logger = logging.getLogger(__name__)


def find_unwanted(unclaimed: timedelta = UNCLAIMED) -> list[str]:
    """The ids of files without a session, and of those that no message has taken for so long (database clock)."""
    too_old = Q(message__isnull=True, created_at__lt=Now() - unclaimed)
    return list(Attachment.objects.filter(Q(session__isnull=True) | too_old).values_list("pk", flat=True))


def forget(pk: str) -> None:
    """Delete the row of a file that has been deleted."""
    Attachment.objects.filter(pk=pk).delete()


def prune() -> int:
    """Delete what is unwanted, each file before its row; return how many. Safe to run in several processes at once."""
    unwanted = find_unwanted()
    for pk in unwanted:
        storage.delete(pk)
        forget(pk)
    return len(unwanted)


async def prune_hourly() -> None:
    """Prune once an hour, in one process of all, for as long as this one lives."""
    while True:
        await asyncio.sleep(random.uniform(*CHECK_SECONDS))
        try:
            if await in_database(leases.take, "attachments", HOUR):
                await _prune_beside_requests()
        except DatabaseError as error:
            log_fault(logger, error, "could not prune files, will try again")
        except Exception:
            logger.exception("could not delete files, will try again")


async def _prune_beside_requests() -> None:
    """One by one, so that requests get the database thread between them."""
    unwanted = await read_at_length(find_unwanted)
    for pk in unwanted:
        await asyncio.to_thread(storage.delete, pk)
        await in_database(forget, pk)
    logger.info("pruned files=%s", len(unwanted))
