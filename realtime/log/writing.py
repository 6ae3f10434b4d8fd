"""Writing the log: numbers and rows, inside the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from django.db import connection

from realtime.events import Envelope, with_number
from realtime.groups import Channel

T = TypeVar("T")

# SQLite takes at least 999 parameters in one statement.
ROWS_A_STATEMENT = 200


def append(items: Sequence[tuple[Channel, str, bytes]]) -> list[Envelope]:
    """Write (channel, type, encoded envelope) to the log; return envelopes with their channel's next numbers.

    Must run inside the transaction of the change it announces, as its last statement: it holds the counter rows of
    all its channels until commit. The rows are taken in sorted order, so that two transactions cannot deadlock.
    """
    if not items:
        return []
    following = take_numbers(Counter(channel for channel, _, _ in items))
    envelopes = []
    for channel, event_type, data in items:
        number = following[channel]
        following[channel] = number + 1
        envelopes.append(Envelope(channel, event_type, number, with_number(data, number)))
    _write(envelopes)
    return envelopes


def take_numbers(counts: Mapping[Channel, int]) -> dict[str, int]:
    """Reserve so many numbers of each channel, lock their counters until commit, return the first of each.

    One statement for as many as it may have parameters; it takes its rows in the order in which they are written.
    """
    following: dict[str, int] = {}
    for part in _parts(sorted(counts)):
        rows = ", ".join(["(%s, %s, 0)"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO realtime_channelhead (channel, last, pruned) VALUES {rows} ON CONFLICT (channel) "
                "DO UPDATE SET last = realtime_channelhead.last + excluded.last RETURNING channel, last",
                [value for channel in part for value in (channel, counts[channel])],
            )
            following.update((channel, last - counts[channel] + 1) for channel, last in cursor.fetchall())
    return following


def _write(envelopes: Sequence[Envelope]) -> None:
    for part in _parts(envelopes):
        rows = ", ".join(["(%s, %s, %s, %s)"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO realtime_loggedevent (channel, number, type, envelope) VALUES {rows}",
                [value for each in part for value in (each.channel, each.number, each.type, each.data.decode())],
            )


def _parts(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + ROWS_A_STATEMENT] for start in range(0, len(items), ROWS_A_STATEMENT))
