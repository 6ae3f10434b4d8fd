"""Reading the log: how far channels go, and ranges of many of them in one query."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from realtime.database import among
from realtime.events import Envelope

PART_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Head:
    """Numbers pruned+1 … last of a channel are in the log."""

    last: int = 0
    pruned: int = 0


def heads(channels: Iterable[str]) -> dict[str, Head]:
    """The heads of these channels; one that never had an event has Head(0, 0)."""
    wanted = list(channels)
    found = dict.fromkeys(wanted, Head())
    if not wanted:
        return found
    condition, parameter = among(wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT channel, last, pruned FROM realtime_channelhead WHERE channel {condition}", [parameter])
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

    The comparison is made in the database, which returns no quiet channel.
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
