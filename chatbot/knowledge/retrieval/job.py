"""The job that fits what has changed, in one process of all. What was fitted before answers meanwhile."""

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError

from chatbot.knowledge.entries import current_revision
from chatbot.knowledge.retrieval.fitting import LONGEST_FIT_SECONDS, fitted_revision
from chatbot.knowledge.retrieval.process import PROJECT, command, environment
from realtime.database import in_database, log_fault, read_database
from realtime.log import leases

LOOK_SECONDS = 5.0
# Entries that are edited one after the other do not make the first wait longer.
LONGEST_WAIT_SECONDS = 60.0
# Renewed while the fit runs.
LEASE = "knowledge fit"
TURN = timedelta(seconds=60)
RENEW_SECONDS = 20.0
# Where a fit fails it is not tried again and again.
PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass
class Waiting:
    """Since when there is something to fit, and what was last seen of it."""

    since: float = 0.0
    revision: int = 0

    def is_due(self, revision: int, fitted: int, now: float) -> bool:
        """Whether to fit: nothing has changed since the last look, or it has waited for long."""
        if revision <= fitted:
            self.since = 0.0
            return False
        self.since = self.since or now
        is_quiet, self.revision = revision == self.revision, revision
        return is_quiet or now - self.since >= LONGEST_WAIT_SECONDS


async def keep_fitted() -> None:
    """Look every few seconds for as long as this process lives; never where BOT_ENCODER is off."""
    waiting = Waiting()
    while settings.BOT_ENCODER:
        await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1.2))
        try:
            revision, fitted = await read_database(_revisions)
            is_due = waiting.is_due(revision, fitted, time.monotonic())
            if is_due and await in_database(leases.hold, LEASE, TURN) and not await run_fit():
                await asyncio.sleep(PAUSE_SECONDS)
        except DatabaseError as error:
            log_fault(logger, error, "could not look for changes of the knowledge base, will try again")
        except Exception:
            logger.exception("could not fit the knowledge base, will try again")


def _revisions() -> tuple[int, int]:
    return current_revision(), fitted_revision()


async def run_fit() -> bool:
    """Run the process that fits, which ends with this job, or if it hangs; whether it did what it should."""
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command("refit"),
        cwd=PROJECT,
        env=environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        while process.returncode is None and time.monotonic() - started < LONGEST_FIT_SECONDS:
            try:
                await asyncio.wait_for(process.wait(), RENEW_SECONDS)
            except TimeoutError:
                await in_database(leases.hold, LEASE, TURN)
    finally:
        hangs = process.returncode is None
        if hangs:
            process.kill()
    await process.wait()
    if hangs:
        logger.error("the process that fits the knowledge base hung: ended after %.0f s", time.monotonic() - started)
        return False
    if process.returncode != 0:
        logger.error("the knowledge base could not be fitted, exit code %s", process.returncode)
        return False
    logger.info("knowledge base fitted in %.1f s", time.monotonic() - started)
    return True
