"""The job that sends replies by e-mail, in one process of all. No request waits for it."""

import asyncio
import logging
import random
import smtplib
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError

from chatbot.mail import ledger
from chatbot.mail.letter import write_letter
from realtime.database import in_database, log_fault, read_database
from realtime.log import leases

LOOK_SECONDS = 15.0
# Renewed with every e-mail, none of which takes longer (settings.EMAIL_TIMEOUT).
TURN = timedelta(seconds=60)

# Answers of a server that does not take the e-mail. After anything else it may have it.
REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)

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
    fault = await asyncio.to_thread(_hand_over, found)
    if fault is None:
        await in_database(ledger.note_sent, found)
        logger.info("e-mail sent session=%s up_to=%s", found.session.name, found.up_to)
        return
    # Only of what the server has refused is it known that it does not have it.
    is_tried_again = fault.is_refusal and await in_database(ledger.note_failure, found)
    logger.warning(
        "an e-mail could not be sent session=%s up_to=%s attempt=%s again=%s error=%s",
        found.session.name,
        found.up_to,
        found.attempt,
        is_tried_again,
        fault.error,
    )


@dataclass(frozen=True, slots=True)
class _Fault:
    """The error's type; its text may hold addresses."""

    error: str
    is_refusal: bool


def _hand_over(found: ledger.Claim) -> _Fault | None:
    """Give the mail server an e-mail; what went wrong, if anything did."""
    has_begun = False
    try:
        letter = write_letter(found.session, found.messages)
        with get_connection() as letter.connection:
            has_begun = True
            letter.send()
    except REFUSALS as error:
        return _Fault(type(error).__name__, is_refusal=True)
    except Exception as error:  # noqa: BLE001  of whatever backend
        return _Fault(type(error).__name__, is_refusal=not has_begun)
    return None
