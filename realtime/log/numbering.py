"""Numbers that are given after the commit: on the one channel that every process writes to.

`log.append` holds a channel's counter until its transaction commits. On the broadcast channel that would put the status
changes of the whole system in one line, each waiting for the disk: some 500 a second (docs/operations.md). Nobody
needs one order of two customers' changes before they are numbered. So on PostgreSQL such an event is logged
without a number. After the commit one process at a time numbers all events that wait, in one transaction; also those
of a process that died in between (Numberer). SQLite has one writer anyway: there `log.append` numbers everything.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from realtime.events import Envelope, with_number
from realtime.groups import BROADCAST, Channel
from realtime.log.writing import go_on_after_log, take_numbers

MAX_NUMBERED = 1_000  # events in one transaction
CHECK_SECONDS = 0.5
# Any constant that nobody else uses. An advisory lock, since one that finds nothing to do then writes nothing.
LOCK = 0x5353_4500

IS_WAITING = "SELECT 1 FROM realtime_loggedevent WHERE channel = %s AND number IS NULL"


def comes_later(channel: Channel) -> bool:
    """Whether events of this channel get their number after the commit."""
    return channel == BROADCAST and is_used()


def is_used() -> bool:
    return connection.vendor == "postgresql"


def append(channel: Channel, event_type: str, data: bytes) -> int:
    """Write an encoded envelope to the log without a number; return its row's key. Takes no lock.

    After the commit of its transaction number_waiting must be called.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO realtime_loggedevent (channel, type, envelope) VALUES (%s, %s, %s) RETURNING id",
            [channel, event_type, data.decode()],
        )
        return int(cursor.fetchone()[0])


def is_waiting() -> bool:
    """Whether any event has no number yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"{IS_WAITING} LIMIT 1", [BROADCAST])
        return cursor.fetchone() is not None


def number_waiting() -> list[Envelope]:
    """Number committed events in the order in which they were written, up to MAX_NUMBERED; return them for publishing.

    One process at a time: it holds an advisory lock, and the channel's counter, until it commits. An event that depends
    on another one (the next change of the same session) was written after that one's commit: it comes later here, too.
    Raises DatabaseError, also if another process keeps the lock.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock(%s) WHERE EXISTS ({IS_WAITING})", [LOCK, BROADCAST])
        if cursor.fetchone() is None:
            return []
        cursor.execute(  # after the lock: another process may have numbered them meanwhile
            "SELECT id, type, envelope FROM realtime_loggedevent WHERE channel = %s AND number IS NULL"
            " ORDER BY id LIMIT %s",
            [BROADCAST, MAX_NUMBERED],
        )
        waiting = cursor.fetchall()
        if not waiting:
            return []
        first = take_numbers({BROADCAST: len(waiting)})[BROADCAST]
        if first == 1:
            first = go_on_after_log([BROADCAST]).get(BROADCAST, first)
        envelopes = [
            Envelope(BROADCAST, event_type, number, with_number(data.encode(), number))
            for number, (_, event_type, data) in enumerate(waiting, first)
        ]
        _write_numbers(cursor, [row for row, _, _ in waiting], envelopes)
    return envelopes


def _write_numbers(cursor: Any, rows: Sequence[int], envelopes: Sequence[Envelope]) -> None:
    numbers, texts = [each.number for each in envelopes], [each.data.decode() for each in envelopes]
    cursor.execute(
        "UPDATE realtime_loggedevent AS e SET number = w.number, envelope = w.envelope"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS w(id, number, envelope) WHERE e.id = w.id",
        [list(rows), numbers, texts],
    )


def numbers_of(rows: Sequence[int | None]) -> list[int | None]:
    """The numbers of these rows; None for one that still waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number FROM realtime_loggedevent WHERE id = ANY(%s)", [list(rows)])
        found = dict(cursor.fetchall())
    return [found.get(row) for row in rows]
