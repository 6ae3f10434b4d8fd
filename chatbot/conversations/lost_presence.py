"""Customers whose process was killed are gone once its lease has run out: agents are told by whoever finds it."""

import asyncio
import logging
import random

from django.db import DatabaseError

from chatbot.conversations.presence import find_lost_holders, forget_lost_holders
from realtime.database import in_database, log_fault, read_database

LOOK_SECONDS = 10.0

logger = logging.getLogger(__name__)


async def forget_lost_customers() -> None:
    """Look for such processes for as long as this one lives; nothing is written where there are none."""
    while True:
        await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1.2))
        try:
            if await read_database(find_lost_holders):
                await in_database(forget_lost_holders)
        except DatabaseError as error:
            log_fault(logger, error, "could not look for customers who are gone, will try again")
