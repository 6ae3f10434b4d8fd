"""Locking a session for a change."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

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
    return _lock(_locked, name, credentials)


def lock_if_free(name: str) -> LockedSession | None:
    """As lock_session, for a job that found the session a moment ago; None if it is gone, or somebody has locked it.

    A job does not wait: what one session keeps back must not keep back all others. Its next look finds it again. On
    SQLite, where one lock is all there is, it does.
    """
    try:
        return _lock(_locked_if_free, name, None)
    except NotFound:
        return None


def share(ids: Collection[int]) -> list[int]:
    """Those of these sessions that nobody has locked, by id; nobody can lock them until the transaction ends.

    For rows that refer to sessions: to write one would wait for the lock of its session.
    """
    if not ids or not connection.features.has_select_for_update:
        return sorted(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM chatbot_chatsession WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE SKIP LOCKED", [list(ids)]
        )
        return [pk for (pk,) in cursor.fetchall()]


def _lock(query: PreparedQuery[ChatSession, str], name: str, credentials: Credentials | None) -> LockedSession:
    if not connection.in_atomic_block:
        raise TransactionManagementError("a session is locked in a transaction")
    session = query.first(name)
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


def _with_lock(name: str, *, skip_locked: bool = False) -> QuerySet[ChatSession]:
    rows = ChatSession.objects.select_for_update(of=("self",), skip_locked=skip_locked).select_related("assignee")
    deferred = rows.defer(*(f"assignee__{field}" for field in UNUSED_OF_ASSIGNEE))
    return deferred.annotate(database_now=Now()).filter(name=name).order_by()


_locked = PreparedQuery(_with_lock, sample="<name>")
_locked_if_free = PreparedQuery(partial(_with_lock, skip_locked=True), sample="<name>")
