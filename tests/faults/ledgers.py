"""Three ledgers, and what does not agree between them: what was accepted, what the log says, what clients applied."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.stream import Applied, Reset, StreamClient

Log = dict[str, dict[int, bytes]]  # channel: number: envelope


@dataclass(frozen=True, slots=True)
class AcceptedPost:
    """A POST that answered 2xx: the message `id` of a session, the `turn`-th of its writer."""

    session_name: str
    writer: str
    turn: int
    id: int
    content: str
    attachments: tuple[str, ...] = ()  # ids of its files


@dataclass(frozen=True, slots=True)
class AcceptedCall:
    """A Python call that returned the number of an event."""

    channel: str
    number: int
    mark: str


@dataclass
class Verdict:
    """What is wrong; all zero is right. `resets` is how often a client was told to fetch its state anew."""

    events: int = 0
    clients: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    gaps: int = 0
    altered: int = 0
    resets: int = 0
    receipts: int = 0  # that streams told
    unkept: int = 0
    backwards: int = 0
    unwritten: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        wrong = self.lost + self.doubled + self.disordered + self.gaps + self.altered
        return not (wrong + self.unkept + self.backwards + self.unwritten)

    def note(self, kind: str, count: int, example: str) -> None:
        """Add to one of the counts, with an example of what it was."""
        if count:
            setattr(self, kind, getattr(self, kind) + count)
            self.examples.append(f"{kind} {count}: {example}")


def read_log(database: Path) -> Log:
    """The whole log, as it stands in the database."""
    log: Log = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        rows = connection.execute("SELECT channel, number, envelope FROM realtime_loggedevent ORDER BY channel, number")
        for channel, number, envelope in rows:
            log.setdefault(channel, {})[number] = envelope.encode()
    return log


def read_ends(database: Path) -> dict[str, int]:
    """The highest number of each channel."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        return dict(connection.execute("SELECT channel, MAX(number) FROM realtime_loggedevent GROUP BY channel"))


def compare(
    log: Log, posts: Iterable[AcceptedPost], calls: Iterable[AcceptedCall], clients: Iterable[StreamClient]
) -> Verdict:
    """Compare the three ledgers."""
    verdict = Verdict()
    for channel, events in log.items():
        check_log(verdict, channel, events)
    check_posts(verdict, log, list(posts))
    for call in calls:
        envelope = log.get(call.channel, {}).get(call.number, b"")
        verdict.note("lost", call.mark.encode() not in envelope, f"{call} is not in the log")
    for client in clients:
        verdict.clients += 1
        for channel, start in client.starts.items():
            events = {number: data for number, data in log.get(channel, {}).items() if number > start}
            check_client(verdict, client, channel, events)
    return verdict


def check_log(verdict: Verdict, channel: str, events: Mapping[int, bytes]) -> None:
    """Numbers of a channel have no holes, and an envelope tells its own."""
    numbers = sorted(events)
    holes = numbers[-1] - numbers[0] + 1 - len(numbers)
    verdict.note("lost", holes, f"{channel} has holes in the log")
    for number, envelope in events.items():
        verdict.note("altered", json.loads(envelope)["id"] != number, f"{channel} {number} has another id")


def check_posts(verdict: Verdict, log: Log, posts: list[AcceptedPost]) -> None:
    """Each accepted message is in its session's log once, and those of a writer in the order of their acceptance."""
    logged = {name: messages_of(log.get(f"sse_session_{name}", {})) for name in {post.session_name for post in posts}}
    latest: dict[tuple[str, str], int] = {}
    for post in sorted(posts, key=lambda post: post.turn):
        places = [place for place, message in enumerate(logged[post.session_name]) if message["id"] == post.id]
        verdict.note("lost", not places, f"{post} is not in the log")
        verdict.note("doubled", max(0, len(places) - 1), f"{post} is in the log more than once")
        if not places:
            continue
        message = logged[post.session_name][places[0]]
        files = tuple(each["id"] for each in message.get("attachments", ()))
        verdict.note("altered", (message["content"], files) != (post.content, post.attachments), f"{post}")
        key = (post.session_name, post.writer)
        verdict.note("disordered", places[0] < latest.get(key, -1), f"{post} stands before an earlier one")
        latest[key] = places[0]
    for name, messages in logged.items():
        written = Counter((message["role"], message["client_id"]) for message in messages)
        for key, count in written.items():
            verdict.note("doubled", count - 1, f"{name} {key}")
        taken = Counter(each["id"] for message in messages for each in message.get("attachments", ()))
        for file, count in taken.items():
            verdict.note("doubled", count - 1, f"{name} {file}")


def messages_of(events: Mapping[int, bytes]) -> list[dict[str, Any]]:
    """The messages of a channel's log, in its order."""
    envelopes = [json.loads(events[number]) for number in sorted(events)]
    return [envelope["payload"] for envelope in envelopes if envelope["type"] == "new_message"]


def check_client(verdict: Verdict, client: StreamClient, channel: str, events: Mapping[int, bytes]) -> None:
    """What a client applied of a channel is the log, each event once and in order, but for what a reset announced."""
    who = f"{client.url} {channel}"
    last = client.starts[channel]
    seen: set[int] = set()
    excused: set[int] = set()
    for entry in client.history:
        if entry.channel != channel:
            continue
        if isinstance(entry, Reset):
            verdict.resets += 1
            excused.update(range(last + 1, entry.number + 1))
            last = entry.number
            continue
        check_applied(verdict, who, entry, events, seen=seen, last=last)
        seen.add(entry.number)
        last = max(last, entry.number)
    missing = set(events) - seen - excused
    verdict.events += len(seen)
    verdict.note("lost", len(missing), f"{who} never got {sorted(missing)[:5]}…")


def check_applied(
    verdict: Verdict, who: str, entry: Applied, events: Mapping[int, bytes], *, seen: set[int], last: int
) -> None:
    if entry.number in seen:
        verdict.note("doubled", 1, f"{who} {entry.number}")
    elif entry.number < last:
        verdict.note("disordered", 1, f"{who} {entry.number} after {last}")
    elif entry.number > last + 1:
        verdict.note("gaps", 1, f"{who} {entry.number} after {last}")
    verdict.note("altered", events.get(entry.number) != entry.data, f"{who} {entry.number} is not as logged")
