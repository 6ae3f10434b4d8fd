"""Retention: the log keeps some days; older events are cut as a prefix, by number."""

import asyncio
import logging
import random
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Max, Min
from django.db.models.functions import Now

from realtime import metrics
from realtime.database import in_database, log_fault, read_at_length
from realtime.log import leases
from realtime.models import ChannelHead, LoggedEvent

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
CHECK_SECONDS = (600, 1_200)  # whether it is time; not in the rush of a start, and not in every process at once
MAX_CUT = 1_000  # events in one transaction


def prune(retention: timedelta) -> int:
    """Cut what is older than `retention`, by the database's clock; return how many events went.

    Of each channel a prefix goes, up to its newest event that is too old, and the head remembers how far: a client
    whose position was there gets a `reset`. Numbers never go back. Safe to run in several processes at once.
    """
    return sum(cut(channel, upto) for channel, upto in find_cuts(retention))


def find_cuts(retention: timedelta) -> list[tuple[str, int]]:
    """(channel, number) pairs, each one transaction's work: cut this channel up to this number."""
    too_old = LoggedEvent.objects.filter(created_at__lt=Now() - retention, number__isnull=False)
    spans = too_old.values("channel").annotate(first=Min("number"), upto=Max("number")).order_by("channel")
    return [
        (span["channel"], min(start + MAX_CUT - 1, span["upto"]))
        for span in spans
        for start in range(span["first"], span["upto"] + 1, MAX_CUT)
    ]


def cut(channel: str, upto: int) -> int:
    """Cut a channel's log up to a number, in one transaction; return how many events went."""
    with transaction.atomic():
        ChannelHead.objects.filter(channel=channel, pruned__lt=upto).update(pruned=upto)
        return LoggedEvent.objects.filter(channel=channel, number__lte=upto).delete()[0]


def measure_log() -> None:
    """Set the gauges of the log's size, from its ends: to count a million rows would take 50 ms."""
    numbers = LoggedEvent.objects.order_by("id").values_list("id", flat=True)
    first, last = numbers.first(), numbers.last()
    metrics.LOG_EVENTS.set(last - first + 1 if first and last else 0)
    dated = LoggedEvent.objects.order_by("created_at").annotate(database_now=Now())
    oldest = dated.values_list("created_at", "database_now").first()
    metrics.LOG_OLDEST_SECONDS.set((oldest[1] - oldest[0]).total_seconds() if oldest else 0)


async def prune_daily() -> None:
    """Prune once a day, in one process of all, for as long as this one lives."""
    while True:
        await asyncio.sleep(random.uniform(*CHECK_SECONDS))
        try:
            if await in_database(leases.take, "prune", DAY):
                await _prune_beside_requests()
        except DatabaseError as error:
            log_fault(logger, error, "could not prune, will try again")


async def _prune_beside_requests() -> None:
    """Prune in pieces, so that requests get the database thread between them."""
    cuts = await read_at_length(find_cuts, timedelta(days=settings.REALTIME_RETENTION_DAYS))
    count = 0
    for channel, upto in cuts:
        count += await in_database(cut, channel, upto)
    logger.info("pruned events=%s", count)
