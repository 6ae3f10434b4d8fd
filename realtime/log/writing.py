"""Writing the log: numbers and rows, inside the caller's transaction."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from django.db import connection

from realtime.database import among
from realtime.events import Envelope, with_number
from realtime.groups import Channel
from realtime.log.held_counters import impatience

T = TypeVar("T")

logger = logging.getLogger(__name__)

# SQLite takes at least 999 parameters in one statement.
ROWS_A_STATEMENT = 200


def append(items: Sequence[tuple[Channel, str, bytes]]) -> list[Envelope]:
    """Write (channel, type, encoded envelope) to the log; return envelopes with their channel's next numbers.

    Must run inside the transaction of the change it announces, as its last statement: it holds the counter rows of
    all its channels until commit. The rows are taken in sorted order, so that two transactions cannot deadlock.
    """
    if not items:
        return []
    first = take_numbers(Counter(channel for channel, _, _ in items))
    envelopes = _number(items, first)
    begun = [channel for channel, number in first.items() if number == 1]
    if not _write(envelopes, unless_logged=begun):
        envelopes = _number(items, {**first, **go_on_after_log(begun)})
        _write(envelopes)
    return envelopes


def take_numbers(counts: Mapping[Channel, int]) -> dict[str, int]:
    """Reserve so many numbers of each channel, lock their counters until commit, return the first of each.

    1 means that the channel had no counter: then the caller must check whether it has a log (go_on_after_log).

    One statement for each ROWS_A_STATEMENT channels; it locks rows in the order in which they are listed.
    """
    following: dict[str, int] = {}
    for part in _parts(sorted(counts)):
        rows = ", ".join(["(%s, %s, 0)"] * len(part))
        with impatience(part), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO realtime_channelhead (channel, last, pruned) VALUES {rows} ON CONFLICT (channel) "
                "DO UPDATE SET last = realtime_channelhead.last + excluded.last RETURNING channel, last",
                [value for channel in part for value in (channel, counts[channel])],
            )
            following.update((channel, last - counts[channel] + 1) for channel, last in cursor.fetchall())
    return following


def go_on_after_log(channels: Iterable[str]) -> dict[str, int]:
    """Move counters that began at 1 although the log has events of their channels; return the first free numbers.

    Such a counter's row was lost. Clients with a position in these channels get a `reset`.
    """
    following = {}
    for channel, highest in _highest(channels).items():
        logger.error("a lost counter goes on after the log channel=%s number=%s", channel, highest)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE realtime_channelhead SET last = last + %s, pruned = %s WHERE channel = %s",
                [highest, highest, channel],
            )
        following[channel] = highest + 1
    return following


def _highest(channels: Iterable[str]) -> dict[str, int]:
    """The highest number of each of these channels that has events."""
    condition, parameter = among(channels)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT channel, MAX(number) FROM realtime_loggedevent WHERE channel {condition} AND number IS NOT NULL"
            " GROUP BY channel",
            [parameter],
        )
        return dict(cursor.fetchall())


def _number(items: Sequence[tuple[Channel, str, bytes]], first: Mapping[str, int]) -> list[Envelope]:
    following = dict(first)
    envelopes = []
    for channel, event_type, data in items:
        number = following[channel]
        following[channel] = number + 1
        envelopes.append(Envelope(channel, event_type, number, with_number(data, number)))
    return envelopes


def _write(envelopes: Sequence[Envelope], *, unless_logged: Sequence[str] = ()) -> bool:
    """Write events; nothing, and return False, if there are any of the channels `unless_logged`.

    The check is part of the statement, and only for channels that begin.
    """
    for part in _parts(envelopes):
        rows = ", ".join(["(%s, %s, %s, %s)"] * len(part))
        values = [value for each in part for value in (each.channel, each.number, each.type, each.data.decode())]
        source = f"VALUES {rows}"
        if unless_logged:
            condition, parameter = among(unless_logged)
            source = (
                f"SELECT * FROM ({source}) AS e WHERE NOT EXISTS (SELECT 1 FROM realtime_loggedevent"
                f" WHERE channel {condition} AND number IS NOT NULL)"
            )
            values.append(parameter)
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO realtime_loggedevent (channel, number, type, envelope) {source}", values)
            if cursor.rowcount == 0:
                return False
        unless_logged = ()  # from the second part on there are events: those of the first
    return True


def _parts(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + ROWS_A_STATEMENT] for start in range(0, len(items), ROWS_A_STATEMENT))
