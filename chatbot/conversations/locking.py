"""Locking a session for a change."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.db.transaction import TransactionManagementError

from chatbot.conversations.credentials import Credentials
from chatbot.conversations.errors import NotFound
from chatbot.models import ChatSession
from chatbot.models.prepared_queries import PreparedQuery

# Of the assignee, an action needs the name.
UNUSED_OF_ASSIGNEE = ("password", "email", "last_login", "date_joined", "is_staff", "is_superuser", "is_active")


@dataclass(frozen=True, slots=True)
class LockedSession:
    """A session whose row is locked until the transaction ends, and the database's time."""

    session: ChatSession
    now: datetime


def lock_session(name: str, credentials: Credentials | None = None) -> LockedSession:
    """Lock a session's row until the transaction ends. Every action does this first, whatever it changes.

    On SQLite the transaction itself (BEGIN IMMEDIATE) is the lock. Raises NotFound, also where `credentials` are
    given and do not cover the session.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("lock_session must run in a transaction")
    session = _locked.first(name)
    if session is None:
        raise NotFound
    if credentials is not None and not credentials.covers_session(session):
        raise NotFound
    assignee = session.assignee_id
    if assignee is not None and (session.assignee is None or session.assignee.pk != assignee):
        # PostgreSQL, which waited for the lock, reads this row anew, and not the one that it was joined with before.
        session.assignee = User.objects.defer(*UNUSED_OF_ASSIGNEE).get(pk=assignee)
    now: datetime = session.database_now  # type: ignore[attr-defined]
    # Now() is when the statement began, which may be before it got the lock: time must not run backwards in a session.
    return LockedSession(session, max(now, session.last_activity_at))


def time_under_lock(now: datetime) -> datetime:
    """The database's time at this moment; `now`, that of the lock, may be when somebody began to wait for it.

    One query, none where a transaction is the lock.
    """
    if not connection.features.has_select_for_update:
        return now
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return max(now, moment)


def lock_if_there(name: str) -> LockedSession | None:
    """As lock_session, for a job that found the session a moment ago; None if it is gone."""
    try:
        return lock_session(name)
    except NotFound:
        return None


def _with_lock(name: str) -> QuerySet[ChatSession]:
    rows = ChatSession.objects.select_for_update(of=("self",)).select_related("assignee")
    deferred = rows.defer(*(f"assignee__{field}" for field in UNUSED_OF_ASSIGNEE))
    return deferred.annotate(database_now=Now()).filter(name=name).order_by()


_locked = PreparedQuery(_with_lock, sample="<name>")
