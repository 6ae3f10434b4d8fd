"""A waiting customer's place in the queue.

The *rank* is where he is served by `QUEUE_ORDER`, which agents see: who is more urgent, or comes back with an earlier
waiting time, comes before him. The *shown place*, which he sees, never gets worse while he waits for one team: it
counts those who come before him only if they were so already when he began to wait. `queued_at` is when that was,
`raised_at` when a priority last rose; `best_priority` keeps his place where an agent lowers his own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import connection

from chatbot.models import ChatSession, Status

# Who is served before a session that has this priority.
_BEFORE = """(priority > %({0})s OR priority = %({0})s AND (waiting_since < %(waiting)s
    OR waiting_since = %(waiting)s AND id < %(id)s))"""
# By hand, since everybody who asks for an agent runs it under the lock of his session; the ORM takes 5 ms to write it.
# A service of before does not write `queued_at`: then it is that of an earlier wait.
_COUNTS = f"""\
SELECT COUNT(*), COUNT(CASE WHEN {_BEFORE.format("best")} AND waiting_since <= %(since)s
    AND COALESCE(queued_at, waiting_since) <= %(since)s AND COALESCE(raised_at, waiting_since) <= %(since)s THEN 1 END)
FROM chatbot_chatsession
WHERE status = '{Status.PENDING_MANUAL}' AND team_id {{team}} AND {_BEFORE.format("priority")}
"""


class Waiting(Protocol):
    """What a place is made of; a ChatSession that waits has it."""

    @property
    def pk(self) -> int: ...
    @property
    def priority(self) -> int: ...
    @property
    def best_priority(self) -> int: ...
    @property
    def waiting_since(self) -> datetime | None: ...
    @property
    def queued_at(self) -> datetime | None: ...
    @property
    def raised_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Both count from 1."""

    rank: int
    shown: int

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody is served before him who is not counted in the place that he sees."""
        return self.rank > self.shown


def place_of(session: ChatSession) -> Place:
    """Of a session that waits; one query."""
    adapt = connection.ops.adapt_datetimefield_value
    facts = {
        "team": session.team_id,
        "id": session.pk,
        "priority": session.priority,
        "best": max(session.priority, session.best_priority),
        "waiting": adapt(session.waiting_since),
        "since": adapt(_since(session)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.format(team="IS NULL" if session.team_id is None else "= %(team)s"), facts)
        rank, shown = cursor.fetchone()
    return Place(rank + 1, shown + 1)


def places(queue: Sequence[Waiting]) -> Iterator[Place]:
    """Of the first of a team's queue, which are given in QUEUE_ORDER. Takes the square of their number."""
    for index, own in enumerate(queue):
        yield Place(index + 1, 1 + sum(_counts(other, own) for other in queue[:index]))


def _counts(other: Waiting, own: Waiting) -> bool:
    """Whether `own` is shown to come after `other`."""
    priority = max(own.priority, own.best_priority)
    if other.priority != priority:
        is_before = other.priority > priority
    else:
        is_before = (other.waiting_since, other.pk) < (own.waiting_since, own.pk)
    return is_before and max(_since(other), other.raised_at or _since(other)) <= _since(own)


def _since(waiting: Waiting) -> datetime:
    assert waiting.waiting_since is not None
    return max(waiting.queued_at or waiting.waiting_since, waiting.waiting_since)
