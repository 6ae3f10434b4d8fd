"""Login sessions (SESSION_ENGINE). One ends SESSION_COOKIE_AGE after the login, or LOGIN_IDLE_MINUTES after its use.

Use is a page or a call of the API. An open stream is none: a desk that nobody sits at has one, too. So that a call
costs no write, each process notes who has been here, and extends those logins together every NOTE_SECONDS.
"""

import asyncio
import logging
from collections.abc import Set
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from realtime.database import in_database, log_fault

NOTE_SECONDS = 20.0
EXPIRY = "_session_expiry"  # where Django keeps a date that was set with set_expiry

logger = logging.getLogger(__name__)

used: set[str] = set()  # the keys of logins that were used since they were extended last


class SessionStore(db.SessionStore):
    """Django's, with an end. Its name is part of the signature of what is stored."""

    def load(self) -> dict[str, Any]:
        content: dict[str, Any] = super().load()
        if SESSION_KEY in content:
            note_use(str(self.session_key))
        return content

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row of a session: of a login, with the date by which it ends whatever happens."""
        if SESSION_KEY in data and EXPIRY not in data:
            self.set_expiry(timedelta(seconds=self.get_session_cookie_age()))
        row = super().create_model_instance(data)
        if SESSION_KEY in data:
            row.expire_date = _end_without_use(row.expire_date)
        return row


def note_use(key: str) -> None:
    """A login that is valid was used. Callable from any thread."""
    if settings.LOGIN_IDLE_MINUTES:
        used.add(key)


async def note_use_of_logins() -> None:
    """Extend the logins that were used, for as long as this process lives."""
    while settings.LOGIN_IDLE_MINUTES:
        await asyncio.sleep(NOTE_SECONDS)
        try:
            await in_database(extend_used_logins)
        except DatabaseError as error:
            log_fault(logger, error, "could not note the use of logins, will try again")


def extend_used_logins() -> None:
    """Extend the logins that were used since the last time; those that are over stay over."""
    keys = set(used)
    used.difference_update(keys)
    try:
        _extend(keys)
    except DatabaseError:
        used.update(keys)
        raise


def _extend(keys: Set[str]) -> None:
    rows = list(Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()))
    for row in rows:
        store = SessionStore()
        ends_at = store.get_expiry_date(expiry=store.decode(row.session_data).get(EXPIRY))
        row.expire_date = _end_without_use(ends_at)
    Session.objects.bulk_update(rows, ["expire_date"])


def _end_without_use(ends_at: datetime) -> datetime:
    """A use that is noted NOTE_SECONDS late still counts: the login goes on for so much longer."""
    if not settings.LOGIN_IDLE_MINUTES:
        return ends_at
    return min(ends_at, timezone.now() + timedelta(minutes=settings.LOGIN_IDLE_MINUTES, seconds=NOTE_SECONDS))
