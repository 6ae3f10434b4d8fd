"""`python -m tests.faults.report`: write what the last runs measured into the table of docs/reliability.md."""

import math
import sys
from collections.abc import Iterable

from harness.programs import ROOT
from tests.faults.causes import FAULTS, LONG_FAULTS
from tests.faults.measures import RESULTS, Measures, load_saved

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COLUMNS = [
    *("fault", "promise", "events × clients", "detect", "recover"),
    *("delivered p99", "POST p99", "call p99", "lost", "doubled", "command"),
]


def main() -> None:
    saved = {measures.fault: measures for folder in (RESULTS / "soak", RESULTS) for measures in load_saved(folder)}
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{make_table(saved)}\n{END}{after}")
    missing = [fault.name for fault in FAULTS + LONG_FAULTS if fault.name not in saved]
    if missing:
        sys.exit(f"not measured: {', '.join(missing)}")


def make_table(saved: dict[str, Measures]) -> str:
    """The table in Markdown, in the order in which the faults are listed."""
    known = [fault for fault in FAULTS + LONG_FAULTS if fault.name in saved]
    rows = []
    for fault in known:
        measures = saved[fault.name]
        size = f"{measures.events:,} × {measures.clients}"
        is_long = fault in LONG_FAULTS
        command = f"make soak FAULTS={fault.slug}" if is_long else f"pytest tests/faults -k {fault.slug}"
        rows.append(row([fault.name, fault.promise, size, *in_figures(measures), f"`{command}`"]))
    return "\n".join([row(COLUMNS), row("---" for _ in COLUMNS), *rows])


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def in_figures(measures: Measures) -> list[str]:
    """Detect, recover, the three p99s, lost, doubled."""
    return [
        seconds(measures.detect_seconds),
        seconds(measures.recover_seconds),
        *(milliseconds(each) for each in (measures.delivered_p99_ms, measures.post_p99_ms, measures.call_p99_ms)),
        str(measures.lost),
        str(measures.doubled),
    ]


def seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


def milliseconds(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0f} ms"


if __name__ == "__main__":
    main()
