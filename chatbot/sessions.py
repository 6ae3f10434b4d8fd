"""Getting hold of a session for a change."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now

from chatbot.errors import NotFound
from chatbot.models import ChatSession


@dataclass(frozen=True, slots=True)
class LockedSession:
    """A session whose row is locked until the transaction ends, and the database's time."""

    session: ChatSession
    now: datetime


def lock_session(name: str) -> LockedSession:
    """Lock a session's row until the transaction ends. Every action does this first, whatever it changes.

    On SQLite the transaction itself (BEGIN IMMEDIATE) is the lock. Raises NotFound.
    """
    rows = ChatSession.objects.select_for_update(of=("self",)).select_related("assignee")
    try:
        session = rows.annotate(database_now=Now()).get(name=name)
    except ChatSession.DoesNotExist:
        raise NotFound from None
    # Now() is when the statement began, which may be before it got the lock: time must not run backwards in a session.
    return LockedSession(session, max(session.database_now, session.last_activity_at))
