"""The ledger of receipts: what pages confirmed, what streams said of it, and what both services show in the end."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.clients import AgentClient, CustomerClient
from tests.faults.ledgers import Log, Verdict, messages_of
from tests.faults.stream import StreamClient

CONFIRMS = {"customer": "agent", "agent": "customer"}  # whose messages each side confirms

# What a service shows of a session: side: {"delivered": id or None, "seen": id or None}.
Shown = Mapping[str, Mapping[str, int | None]]


@dataclass(frozen=True, slots=True)
class AcceptedReceipt:
    """A POST that answered 204: this side of a session has got, and has seen, what the other wrote up to these."""

    session_name: str
    side: str
    delivered: int
    seen: int


def fetch_receipts(sessions: Iterable[CustomerClient], agent: AgentClient) -> Iterator[tuple[str, Shown]]:
    """What each service shows of each session."""
    for session in sessions:
        for fetched in (session.fetch(), agent.fetch(session.session_name)):
            yield session.session_name, fetched["receipts"]


def check_receipts(
    verdict: Verdict,
    log: Log,
    accepted: Iterable[AcceptedReceipt],
    shown: Iterable[tuple[str, Shown]],
    clients: Iterable[StreamClient],
) -> None:
    """Compare what was accepted with `shown`, what each service says of each session, and with what streams said."""
    highest = find_highest(accepted)
    for session_name, receipts in shown:
        for side, shows in receipts.items():
            expected = highest.get((session_name, side), {"delivered": None, "seen": None})
            verdict.note("unkept", shows != expected, f"{session_name} {side}: {shows}, confirmed were {expected}")
    written = find_written(log)
    for client in clients:
        check_stream(verdict, client, written)


def find_highest(accepted: Iterable[AcceptedReceipt]) -> dict[tuple[str, str], dict[str, int | None]]:
    """How far each side of each session has got. What is seen has been delivered."""
    highest: dict[tuple[str, str], dict[str, Any]] = {}
    for each in accepted:
        found = highest.setdefault((each.session_name, each.side), {"delivered": 0, "seen": 0})
        found["seen"] = max(found["seen"], each.seen)
        found["delivered"] = max(found["delivered"], each.delivered, each.seen)
    return highest


def find_written(log: Log) -> set[tuple[str, str, int]]:
    """Session, side that reads it, and id of each message."""
    return {
        (message["session_name"], reader, message["id"])
        for channel, events in log.items()
        if channel.startswith("sse_session_")
        for message in messages_of(events)
        for reader, writer in CONFIRMS.items()
        if message["role"] == writer
    }


def check_stream(verdict: Verdict, client: StreamClient, written: set[tuple[str, str, int]]) -> None:
    """A stream may miss receipts, which are in no log; what it says of one side never goes back."""
    latest: dict[tuple[str, str, str], int] = {}
    for told in client.receipts:
        what = (told.type, told.session_name, told.side)
        example = f"{client.url} {told} after {latest.get(what)}"
        verdict.note("backwards", told.message_id < latest.get(what, 0), example)
        verdict.note("unwritten", (told.session_name, told.side, told.message_id) not in written, example)
        latest[what] = told.message_id
    verdict.receipts += len(client.receipts)
