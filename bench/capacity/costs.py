"""What one of each thing costs, measured; `docs/capacity.md` says how. The model knows nothing else.

Costs of `make bench` are read from bench/results/figures.csv if that is there; all others were measured by
`python -m bench.capacity --units` over PostgreSQL 15, on two cores, on 2026-11-22: of calls the middle of three runs.
"""

import csv
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).resolve().parent.parent / "results" / "figures.csv"
SERVER = "daphne"

US, MS = 1e-6, 1e-3


def known(value: float, unit: str, source: str) -> Any:
    """A field with its value, in the unit that its name does not say, and where it comes from."""
    return dataclasses.field(default=value, metadata={"unit": unit, "source": source})


def measured(value: float, unit: str, row: str) -> Any:
    return known(value, unit, f"--units: {row}")


def figure(value: float, unit: str, name: str) -> Any:
    """A figure of `make bench`; `value` is that of 2026-11-22, on a quiet machine."""
    return dataclasses.field(default=value, metadata={"unit": unit, "source": f"make bench: {name}", "figure": name})


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of processor time unless the unit says otherwise."""

    # A process of a service, and what it holds
    base_kib: float = measured(123_400, "KiB", "base memory")
    stream_kib: float = figure(17.13, "KiB", "memory a stream")
    idle: float = measured(0.0055, "s a second", "idle")
    upkeep: float = measured(9 * US, "s a second and stream", "idle with streams, 20 commits/s, chatbot")
    agent_upkeep: float = measured(45 * US, "s a second and stream", "idle with streams, 20 commits/s, workbench")
    upkeep_postgres: float = measured(3.2 * US, "s a second and stream", "idle with streams, 20 commits/s, postgres")
    # Streams
    opening: float = measured(0.24 * MS, "s", "stream opened")
    opening_postgres: float = measured(0.02 * MS, "s", "stream opened, postgres")
    delivery: float = figure(12.33 * US, "s", "CPU per delivery, two channels")
    # An event that comes from Redis: read, decoded, encoded, of which the first delivery is a part
    relayed: float = measured(0.2 * MS, "s an event and process", "session event at 400/s")
    # Calls, in the process that takes them
    message: float = measured(3.1 * MS, "s", "message to an agent")
    bot_message: float = measured(5.5 * MS, "s with its answer", "message to the bot")
    reply: float = measured(3.1 * MS, "s", "reply")
    escalation: float = measured(6.1 * MS, "s", "escalated, less its announcements")
    takeover: float = measured(6.0 * MS, "s", "taken over, less its announcements")
    closing: float = measured(7.9 * MS, "s", "closed")
    session: float = measured(2.1 * MS, "s", "session made")
    state: float = measured(3.9 * MS, "s", "state read")
    announcement: float = measured(0.5 * MS, "s, at most", "escalated and cancelled, nobody waits, less not its turn")
    place: float = measured(22 * US, "s a waiting customer", "escalated and cancelled, 100 wait, less nobody waits")
    attempt: float = known(0.7 * MS, "s", "leases.take that another one holds, 1,000 timed alone")
    # PostgreSQL
    message_postgres: float = measured(1.4 * MS, "s", "message to an agent, postgres")
    bot_message_postgres: float = measured(3.1 * MS, "s with its answer", "message to the bot, postgres")
    reply_postgres: float = measured(1.75 * MS, "s", "reply, postgres")
    change_postgres: float = measured(3.6 * MS, "s", "escalated, taken over, closed, postgres")
    numbering: float = known(0.7 * MS, "s while the counter is held", "assumed: a fifth of a change of status")
    session_postgres: float = measured(0.53 * MS, "s", "session made, postgres")
    state_postgres: float = measured(0.96 * MS, "s", "state read, postgres")
    announcement_postgres: float = known(1 * MS, "s", "assumed: too little to be measured beside a change")
    attempt_postgres: float = known(0.2 * MS, "s", "the same, postgres")
    flush: float = known(1.8 * MS, "s a commit", "docs/operations.md: 548 transactions/s, one client")
    # Redis
    publish: float = measured(57 * US, "s", "session event at 400/s, valkey")
    publish_together: float = measured(1.5 * US, "s, of many at once", "PUBLISH to 1, 20 at once")
    subscriber: float = measured(0.3 * US, "s a subscriber", "PUBLISH to 20, less PUBLISH to 0")
    # Bytes
    message_bytes: float = measured(390, "B", "bytes")
    change_bytes: float = measured(230, "B", "bytes")
    place_bytes: float = measured(120, "B", "bytes")
    sse_bytes: float = measured(90, "B", "bytes: the lines event and id")
    row_bytes: float = known(516 - 243, "B beyond the envelope", "docs/operations.md, Retention")
    packet_bytes: float = known(90, "B", "headers of TCP/IP, TLS record and HTTP/2 frame")
    hop: float = known(0.2 * MS, "s", "assumed: one round trip between two machines")


def load_costs(path: Path = FIGURES) -> Costs:
    """The costs, with the figures of this machine's last `make bench` in place of ours."""
    if not path.exists():
        return Costs()
    with path.open(newline="") as file:
        figures = {row["figure"]: row[SERVER] for row in csv.DictReader(file)}
    found = {}
    for each in dataclasses.fields(Costs):
        value = figures.get(each.metadata.get("figure", ""))
        if value:
            found[each.name] = float(value) * (US if each.metadata["unit"] == "s" else 1)
    return dataclasses.replace(Costs(), **found)
