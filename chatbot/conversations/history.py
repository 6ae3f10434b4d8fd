"""The only writer of sessions' histories: each line is written in the transaction of what it tells of."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from chatbot.models import By, ChatSession, HistoryEntry, What
from chatbot.models.prepared_queries import PreparedRows


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something to a session; `agent` is None unless an agent does."""

    by: By
    agent: User | None = None


CUSTOMER = Actor(By.CUSTOMER)
BOT = Actor(By.BOT)
SYSTEM = Actor(By.SYSTEM)


def agent_actor(user: User) -> Actor:
    return Actor(By.AGENT, user)


def note(session: ChatSession, what: What, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None) -> None:
    """Write one line. The session must be locked, so that lines have the order of what happened."""
    line(session, what, actor=actor, now=now, why=why).save(force_insert=True)


def line(
    session: ChatSession, what: What, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None
) -> HistoryEntry:
    """A line, for `write`."""
    return HistoryEntry(session=session, at=now, what=what, by=actor.by, agent=actor.agent, why=why or {})


def write(lines: Iterable[HistoryEntry]) -> None:
    """Write the lines of many sessions, which must be locked, at once."""
    HistoryEntry.objects.bulk_create(lines)


def latest(session: ChatSession, *what: What) -> datetime | None:
    """When one of these last happened to a session; None if none has. One query, none for a session that is new."""
    if session.version == 1:
        return None
    line = _latest(what).first(session.pk)
    return line[0] if line else None


@functools.cache
def _latest(what: tuple[What, ...]) -> PreparedRows[int]:
    def of_session(session: int) -> QuerySet[HistoryEntry, tuple[datetime]]:
        return HistoryEntry.objects.filter(session=session, what__in=what).order_by("-id").values_list("at")[:1]

    return PreparedRows(of_session, sample=-1)


def happened_after(session: ChatSession, moment: datetime, *what: What) -> set[What]:
    """Which of these have happened to a session since a moment. One query, none for a session that is new."""
    if session.version == 1:
        return set()
    lines = HistoryEntry.objects.filter(session=session, what__in=what, at__gt=moment)
    return {What(each) for each in lines.values_list("what", flat=True)}
