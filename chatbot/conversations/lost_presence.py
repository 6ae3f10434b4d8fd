"""Who had their streams in a killed process is gone once its lease has run out: the process that finds it tells."""

import asyncio
import logging
import random

from django.db import DatabaseError, transaction

from chatbot.conversations import agent_presence, presence
from chatbot.conversations.presence import find_lost_holders
from chatbot.models import PresenceHolder
from realtime.api import send_many
from realtime.database import in_database, log_fault, read_database

LOOK_SECONDS = 10.0

logger = logging.getLogger(__name__)


async def forget_lost_processes() -> None:
    """Look for such processes for as long as this one lives; nothing is written where there are none."""
    while True:
        await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1.2))
        try:
            if await read_database(find_lost_holders):
                await in_database(forget_lost_holders)
        except DatabaseError as error:
            log_fault(logger, error, "could not look for processes that are gone, will try again")


def forget_lost_holders() -> None:
    """Remove processes whose lease has run out, and tell agents of everybody whom no other process has."""
    with transaction.atomic():
        presence.lock_holders()
        lost = find_lost_holders()
        outgoing = [*presence.forget(lost), *agent_presence.forget(lost)]
        PresenceHolder.objects.filter(name__in=lost).delete()
        send_many(outgoing)
