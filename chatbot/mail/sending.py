"""The job that sends replies by e-mail, in one process of all. No request waits for it."""

import asyncio
import logging
import random
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError

from chatbot.mail import ledger
from chatbot.mail.letter import write_letter
from realtime.database import in_database, log_fault, read_database
from realtime.log import leases

LOOK_SECONDS = 15.0
# Renewed with every e-mail, none of which takes longer (settings.EMAIL_TIMEOUT).
TURN = timedelta(seconds=60)

logger = logging.getLogger(__name__)


async def mail_unseen_replies() -> None:
    """Look several times a minute for as long as this process lives; never where MAIL_AFTER_MINUTES is 0."""
    while settings.MAIL_AFTER_MINUTES:
        await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1.2))
        try:
            await look()
        except DatabaseError as error:
            log_fault(logger, error, "could not look for replies to send, will try again")
        except Exception:
            logger.exception("could not look for replies to send, will try again")


async def look() -> None:
    """Do what is to be done, unless another process does; one query, and nothing is written, where there is nothing."""
    work = await read_database(ledger.find_work)
    if not work or not await in_database(leases.hold, "reply mail", TURN):
        return
    await in_database(ledger.note_presence, work)
    for name in work.due:
        if not await in_database(leases.hold, "reply mail", TURN):
            return
        found = await in_database(ledger.claim, name)
        if found is not None:
            await _send(found)


async def _send(found: ledger.Claim) -> None:
    """On a thread of its own: a mail server may take its time."""
    try:
        await asyncio.to_thread(lambda: write_letter(found.session, found.messages).send())
    except Exception as error:  # noqa: BLE001  of whatever backend; its text may hold addresses
        is_tried_again = await in_database(ledger.note_failure, found)
        logger.warning(
            "an e-mail could not be sent session=%s up_to=%s attempt=%s again=%s error=%s",
            found.session.name,
            found.up_to,
            found.attempt,
            is_tried_again,
            type(error).__name__,
        )
        return
    await in_database(ledger.note_sent, found)
    logger.info("e-mail sent session=%s up_to=%s", found.session.name, found.up_to)
