"""The event log: gapless numbers per channel, written in the caller's transaction, read in batches."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection

from realtime.database import among
from realtime.events import Envelope, with_number
from realtime.groups import Channel

T = TypeVar("T")

logger = logging.getLogger(__name__)

# SQLite takes at least 999 parameters in one statement.
ROWS_A_STATEMENT = 200
PART_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Head:
    """Numbers pruned+1 … last of a channel are in the log."""

    last: int = 0
    pruned: int = 0


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

    1 is that of a channel without a counter: the caller must see whether it has a log (go_on_after_log).

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


def go_on_after_log(channels: Iterable[str]) -> dict[str, int]:
    """Move counters that began anew, though the log has events of theirs, behind these; return the first numbers.

    A counter's row was lost, and take_numbers began at 1. Who was somewhere before is told to start afresh.
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

    To look in the same statement costs only those who begin a channel.
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
        unless_logged = ()  # of the parts that follow the first events are there
    return True


def _parts(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + ROWS_A_STATEMENT] for start in range(0, len(items), ROWS_A_STATEMENT))


def heads(channels: Iterable[str]) -> dict[str, Head]:
    """The heads of these channels; one that never had an event has Head(0, 0)."""
    wanted = list(channels)
    found = dict.fromkeys(wanted, Head())
    if not wanted:
        return found
    condition, parameter = among(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT channel, last, pruned FROM realtime_channelhead WHERE channel {condition}", [parameter]
        )
        found.update((channel, Head(last, pruned)) for channel, last, pruned in cursor.fetchall())
    return found


def behind() -> list[tuple[str, int | None, int]]:
    """(channel, its counter or None, highest number in its log) where the counter is lost or behind. Reads all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.channel, h.last, e.highest FROM (SELECT channel, MAX(number) AS highest FROM realtime_loggedevent"
            " WHERE number IS NOT NULL GROUP BY channel) AS e LEFT JOIN realtime_channelhead h ON h.channel = e.channel"
            " WHERE h.last IS NULL OR h.last < e.highest ORDER BY e.channel"
        )
        return list(cursor.fetchall())


def moved(delivered: Mapping[str, int]) -> list[str]:
    """The channels whose last number is not the given one; {channel: number}.

    One query that compares where the rows are: of thousands of quiet channels none comes back.
    """
    if connection.vendor == "postgresql":
        table = "unnest(%s::text[], %s::bigint[]) AS d(channel, number)"
        parameters: list[Any] = [list(delivered), list(delivered.values())]
    else:
        table = "(SELECT key AS channel, value AS number FROM json_each(%s)) AS d"
        parameters = [json.dumps(delivered)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.channel FROM {table} LEFT JOIN realtime_channelhead h ON h.channel = d.channel"
            " WHERE COALESCE(h.last, 0) <> d.number",
            parameters,
        )
        return [channel for (channel,) in cursor.fetchall()]


def read(ranges: Mapping[str, tuple[int, int]]) -> dict[str, list[Envelope]]:
    """The events of several channels with after < number <= upto, in order; {channel: (after, upto)}, one query."""
    found: dict[str, list[Envelope]] = {channel: [] for channel in ranges}
    wanted = [(channel, after, upto) for channel, (after, upto) in ranges.items() if after < upto]
    if not wanted:
        return found
    sql, parameters = _range_query(wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for channel, number, event_type, envelope in cursor.fetchall():
            found[channel].append(Envelope(channel, event_type, number, envelope.encode()))
    return found


def read_part(channel: str, after: int, max_bytes: int) -> list[Envelope]:
    """The events of a channel after this number, in order: one, and more until there are `max_bytes` of them."""
    sql = "SELECT number, type, envelope FROM realtime_loggedevent WHERE channel = %s AND number > %s"
    order = f" ORDER BY number LIMIT {PART_ROWS}"
    parameters: list[Any] = [channel, after]
    if connection.vendor == "postgresql":  # sends all rows at once; SQLite reads each when it is asked for
        sized = sql.replace(" FROM", ", SUM(octet_length(envelope)) OVER (ORDER BY number) AS bytes FROM") + order
        sql = f"SELECT number, type, envelope FROM ({sized}) AS part WHERE bytes - octet_length(envelope) < %s"
        parameters.append(max_bytes)
    part, size = [], 0
    with connection.cursor() as cursor:
        cursor.execute(sql + order, parameters)
        for number, event_type, envelope in cursor:
            part.append(Envelope(channel, event_type, number, envelope.encode()))
            size += len(part[-1].data)
            if size >= max_bytes:
                break
    return part


def _range_query(wanted: list[tuple[str, int, int]]) -> tuple[str, list[Any]]:
    """One statement for any number of ranges, driven from a table of them so that each is one index search."""
    columns = "SELECT e.channel, e.number, e.type, e.envelope FROM "
    join = (
        " JOIN realtime_loggedevent e ON e.channel = w.channel AND e.number > w.after AND e.number <= w.upto"
        " ORDER BY e.channel, e.number"
    )
    if connection.vendor == "postgresql":
        table = "unnest(%s::text[], %s::bigint[], %s::bigint[]) AS w(channel, after, upto)"
        return columns + table + join, [list(column) for column in zip(*wanted, strict=True)]
    table = "(SELECT value->>0 AS channel, value->>1 AS after, value->>2 AS upto FROM json_each(%s)) AS w"
    return columns + table + join.replace(" JOIN", " CROSS JOIN").replace(" ON ", " WHERE "), [json.dumps(wanted)]
