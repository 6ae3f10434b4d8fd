"""Retention: the log keeps some days; older events are cut as a prefix, by number."""

import asyncio
import logging
import random
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Max
from django.db.models.functions import Now

from realtime.database import in_database
from realtime.models import ChannelHead, LoggedEvent

logger = logging.getLogger(__name__)

DAY_SECONDS = 24 * 3600
FIRST_RUN_SECONDS = (60, 600)  # not in the rush of a start, and not in every process at once
MAX_CHANNELS_PER_TRANSACTION = 200


def prune(retention: timedelta) -> int:
    """Cut what is older than `retention`, by the database's clock; return how many events went.

    Of each channel a prefix goes, up to its newest event that is too old, and the head remembers how far: a client that
    was there is told to start afresh. Numbers never go back. Safe to run in several processes at once.
    """
    too_old = (
        LoggedEvent.objects.filter(created_at__lt=Now() - retention)
        .values("channel")
        .annotate(upto=Max("number"))
        .values_list("channel", "upto")
        .order_by("channel")
    )
    cuts = list(too_old)
    count = 0
    for start in range(0, len(cuts), MAX_CHANNELS_PER_TRANSACTION):
        with transaction.atomic():
            for channel, upto in cuts[start : start + MAX_CHANNELS_PER_TRANSACTION]:
                ChannelHead.objects.filter(channel=channel, pruned__lt=upto, last__gte=F("pruned")).update(pruned=upto)
                count += LoggedEvent.objects.filter(channel=channel, number__lte=upto).delete()[0]
    return count


async def prune_daily() -> None:
    """Prune once a day, for as long as the process lives."""
    await asyncio.sleep(random.uniform(*FIRST_RUN_SECONDS))
    while True:
        try:
            count = await in_database(prune, timedelta(days=settings.REALTIME_RETENTION_DAYS))
            logger.info("pruned events=%s", count)
        except DatabaseError as error:
            logger.warning("could not prune, will try again tomorrow: %s", type(error).__name__)
        await asyncio.sleep(DAY_SECONDS)
