"""What a fault did: how soon it was noticed and over, how long things took meanwhile, and whether anything was lost."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.programs import ROOT
from tests.faults.causes import Fault
from tests.faults.ledgers import Verdict
from tests.faults.load import Load
from tests.faults.stream import Applied, StreamClient
from tests.faults.writers import Timed

RESULTS = ROOT / "var" / "faults"
MARK = re.compile(r"(?:customer|agent|call)-\d+-\d+")
AFTERMATH_SECONDS = 1.0  # what was sent so long after the end still belongs to the fault


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures of one run. None where a fault has no such moment."""

    fault: str
    events: int
    clients: int
    seed: int
    detect_seconds: float | None
    recover_seconds: float | None
    delivered_p99_ms: float
    post_p99_ms: float
    call_p99_ms: float
    probe_p99_ms: float  # of a GET that does nothing: the share of the machine and of the load
    pause_p99_ms: float  # by how much the calling process overslept: the same
    write_p99_ms: float  # of a write of a program's own to the same database: the same, with its lock and the disk
    lost: int
    doubled: int
    disordered: int
    gaps: int
    resets: int
    refused: int  # answers of 503
    errors: int  # other answers of 5xx
    repeated: int  # requests without an answer, sent again


def measure(fault: Fault, load: Load, verdict: Verdict) -> Measures:
    """The figures of a load that has run."""
    statuses = [status for _, status in load.ledger.answers]
    return Measures(
        fault=fault.name,
        events=load.events,
        clients=len(load.clients),
        seed=load.seed,
        detect_seconds=_detected(load) if fault.is_redis else None,
        recover_seconds=_recovered(load),
        delivered_p99_ms=percentile(_delivery_seconds(load), 99) * 1000,
        post_p99_ms=percentile(_during(load, load.ledger.post_times), 99) * 1000,
        call_p99_ms=percentile(_during(load, load.ledger.call_times), 99) * 1000,
        probe_p99_ms=percentile(_during(load, load.ledger.probe_times), 99) * 1000,
        pause_p99_ms=percentile(_during(load, load.ledger.pause_times), 99) * 1000,
        write_p99_ms=percentile(_during(load, load.ledger.write_times), 99) * 1000,
        lost=verdict.lost,
        doubled=verdict.doubled,
        disordered=verdict.disordered,
        gaps=verdict.gaps,
        resets=verdict.resets,
        refused=statuses.count(503),
        errors=sum(status >= 500 and status != 503 for status in statuses),
        repeated=load.ledger.dropped,
    )


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that so many percent of them do not exceed; nan of nothing."""
    found = sorted(values)
    return found[math.ceil(len(found) * percent / 100) - 1] if found else math.nan


def _during(load: Load, times: Sequence[Timed]) -> list[float]:
    return [time.seconds for time in times if load.began <= time.at <= load.ended + AFTERMATH_SECONDS]


def _delivery_seconds(load: Load) -> list[float]:
    """From the beginning of the accepted call to each client, for what was sent while the fault lasted."""
    found = []
    for client in load.clients:
        for entry in client.history:
            if not isinstance(entry, Applied) or (mark := MARK.search(entry.data.decode())) is None:
                continue
            sent = load.ledger.sent_at.get(mark[0])
            if sent is not None and load.began <= sent <= load.ended + AFTERMATH_SECONDS:
                found.append(entry.at - sent)
    return found


def _by_service(load: Load) -> list[list[StreamClient]]:
    return [[each for each in load.clients if each.url.startswith(service.url)] for service in load.product.services]


def _detected(load: Load) -> float | None:
    """When the last service had noticed that Redis is away; None if neither did."""
    found = [
        min(times) - load.began
        for clients in _by_service(load)
        if (times := [at for each in clients if (at := each.first_notice("degraded", load.began)) is not None])
    ]
    return max(found, default=None)


def _recovered(load: Load) -> float | None:
    """When Redis was in use again everywhere, or every stream that was cut was back; from the end of the fault."""
    latest = [
        notice.at
        for client in load.clients
        for notice in client.notices
        if notice.type in ("recovered", "stream-open") and notice.at > load.began
    ]
    return max(0.0, max(latest) - load.ended) if latest else None


def save(measures: Measures, folder: Path = RESULTS) -> None:
    """Keep the figures for docs/reliability.md (`python -m tests.faults.report`)."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", measures.fault).strip("-").lower()
    (folder / f"{name}.json").write_text(json.dumps(asdict(measures), indent=1))


def load_saved(folder: Path = RESULTS) -> list[Measures]:
    return [Measures(**json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
