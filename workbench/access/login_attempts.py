"""Guessing passwords: how many logins may fail from one address, and for one account, over all processes.

The database counts, so that Redis may be away; a login costs some hundred milliseconds of hashing anyway. At an address
from which an account has been logged in to before, attempts from elsewhere do not count against it.
"""

import asyncio
import logging
import math
import random
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext
from limits import RateLimitItem

from chatbot.conversations.errors import RateLimited
from chatbot.web.client_address import client_address
from chatbot.web.rate_limits import tell_refused
from realtime.database import in_database, log_fault
from realtime.log import leases
from workbench.access.login_sessions import SessionStore
from workbench.models import LoginAttempt

DAY = timedelta(days=1)
KEEP_SUCCESSES = timedelta(days=90)  # for so long an address is known after the last login from it
PRUNE_TURN = timedelta(hours=1)
CHECK_SECONDS = (600, 1_200)
LOGGED_DIGITS = 16

logger = logging.getLogger(__name__)


def begin_attempt(request: HttpRequest, name: str) -> LoginAttempt:
    """Count an attempt to log in under this name as failed, until succeed_in says otherwise.

    Called before the password is checked, so that of simultaneous attempts no more get through than may fail.
    Raises RateLimited; then nothing is kept.
    """
    attempt = LoginAttempt(address=client_address(request), account=digest_of_name(name))
    _check_limits(request, attempt)  # reads: a flood that is refused writes nothing
    attempt.save()
    try:
        _check_limits(request, attempt)  # those that were written meanwhile
    except RateLimited:
        attempt.delete()
        raise
    return attempt


def succeed_in(attempt: LoginAttempt, username: str) -> None:
    """The password was right: the address is known for this account from here on."""
    attempt.succeeded = True
    attempt.save(update_fields=["succeeded"])
    logger.info("logged in agent=%s address=%s", username, attempt.address)


def fail_in(attempt: LoginAttempt) -> None:
    logger.info("login failed address=%s account=%s", attempt.address, attempt.account[:LOGGED_DIGITS])


def digest_of_name(name: str) -> str:
    """Keyed with SECRET_KEY: the table alone does not let anyone try which passwords were typed as names."""
    return salted_hmac("workbench.access.login_attempts", name, algorithm="sha256").hexdigest()


def prune_attempts() -> int:
    """Drop the attempts that nobody counts any more; return how many went."""
    windows = [timedelta(seconds=item.get_expiry()) for item in settings.RATE_LIMITS.values()]
    old_failure = Q(succeeded=False, at__lt=Now() - max(DAY, *windows))
    return LoginAttempt.objects.filter(old_failure | Q(at__lt=Now() - KEEP_SUCCESSES)).delete()[0]


async def prune_hourly() -> None:
    """Prune attempts and login sessions that are over, in one process of all, for as long as this one lives."""
    while True:
        await asyncio.sleep(random.uniform(*CHECK_SECONDS))
        try:
            await prune_in_turn()
        except DatabaseError as error:
            log_fault(logger, error, "could not prune logins, will try again")


async def prune_in_turn() -> None:
    if await in_database(leases.take, "logins", PRUNE_TURN):
        await in_database(prune_attempts)
        await in_database(SessionStore.clear_expired)


def _check_limits(request: HttpRequest, attempt: LoginAttempt) -> None:
    others = LoginAttempt.objects.exclude(pk=attempt.pk)
    _check_limit(request, "address_failures", others.filter(address=attempt.address))
    of_account = others.filter(account=attempt.account)
    if not of_account.filter(address=attempt.address, succeeded=True).exists():
        _check_limit(request, "account_failures", of_account)


def _check_limit(request: HttpRequest, limit: str, attempts: QuerySet[LoginAttempt]) -> None:
    item = settings.RATE_LIMITS.get(limit)
    wait_seconds = _seconds_to_wait(attempts, item) if item else None
    if wait_seconds is not None:
        tell_refused(request, limit)
        raise RateLimited(wait_seconds, _say(wait_seconds))


def _seconds_to_wait(attempts: QuerySet[LoginAttempt], item: RateLimitItem) -> float | None:
    """Until so few of these have failed in the time of the rate that one more may; None if one may at once."""
    window = timedelta(seconds=item.get_expiry())
    failed = attempts.filter(succeeded=False, at__gt=Now() - window, at__lte=Now())
    dated = failed.annotate(database_now=Now()).order_by("-at").values_list("at", "database_now")
    for at, now in dated[item.amount - 1 : item.amount]:
        return float((at + window - now).total_seconds())
    return None


def _say(wait_seconds: float) -> str:
    minutes = max(1, math.ceil(wait_seconds / 60))
    return ngettext(
        "Too many attempts to log in have failed. Please try again in {minutes} minute.",
        "Too many attempts to log in have failed. Please try again in {minutes} minutes.",
        minutes,
    ).format(minutes=minutes)
