"""`make soak`: every fault under a load twenty times that of the suite, with its progress and a table at the end.

`python -m tests.faults.soak [--events 20000] [--clients 50] [--seed N] [name of a fault …]`
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from harness.clients import AgentClient
from harness.services import Product
from tests.faults.causes import FAULTS, LONG_FAULTS, Fault, Needs
from tests.faults.load import Load, Scale
from tests.faults.measures import RESULTS, Measures, measure, save
from tests.faults.products import product_for
from tests.faults.report import in_figures

COLUMNS = (
    "fault",
    "events",
    "detect",
    "recover",
    "delivered p99",
    "POST p99",
    "call p99",
    "lost",
    "doubled",
    "verdict",
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Cause every fault under load; exit code 1 if anything was lost.")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("faults", nargs="*", help="parts of names; all if none")
    options = parser.parse_args()
    chosen = [each for each in FAULTS + LONG_FAULTS if is_wanted(each, options.faults)]
    say(f"{len(chosen)} faults, {options.events} events and {options.clients} clients each, --seed {options.seed}")
    rows = run_all(chosen, Scale(options.events, options.clients), options.seed)
    show_table(rows)
    return 0 if all(row[-1] == "ok" for row in rows) else 1


def is_wanted(fault: Fault, parts: Sequence[str]) -> bool:
    return not parts or any(part.lower() in fault.slug.lower() for part in parts)


def run_all(faults: Sequence[Fault], scale: Scale, seed: int) -> list[list[str]]:
    """A row of the table for each fault."""
    rows = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        sites: dict[Needs, tuple[Product, AgentClient]] = {}
        for number, fault in enumerate(faults, 1):
            if fault.needs not in sites:
                say(f"starting the product ({fault.needs})")
                place = folder / fault.needs
                place.mkdir()
                product = stack.enter_context(product_for(fault.needs, place))
                sites[fault.needs] = product, stack.enter_context(AgentClient(product.workbench.url, "alice"))
            product, alice = sites[fault.needs]
            product.start_missing()
            label = f"[{number}/{len(faults)}] {fault.name}"
            rows.append(asyncio.run(run_one(fault, Load(product, alice, scale, seed + number), label)))
    return rows


async def run_one(fault: Fault, load: Load, label: str) -> list[str]:
    """Cause one fault and return its row; what went wrong is printed."""
    async with load:
        await load.run(fault.cause, progress=lambda text: show_progress(f"{label}: {text}"))
        verdict = load.judge()
        measures = measure(fault, load, verdict)
    save(measures, RESULTS / "soak")
    is_ok = verdict.is_clean and measures.errors == 0 and (measures.resets == 0 or fault.may_reset)
    say(f"{label}: {'ok' if is_ok else 'FAILED'}, {verdict.events} deliveries compared")
    for example in verdict.examples[:10]:
        say(f"    {example}")
    return row_of(measures, is_ok)


def row_of(measures: Measures, is_ok: bool) -> list[str]:
    figures = in_figures(measures)
    return [measures.fault, str(measures.events), *figures, "ok" if is_ok else "FAILED"]


def show_progress(text: str) -> None:
    """One line that is written over, on a terminal; elsewhere nothing."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\x1b[K{text}")
        sys.stdout.flush()


def say(text: str) -> None:
    show_progress("")
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show_table(rows: Sequence[Sequence[str]]) -> None:
    table = [COLUMNS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(COLUMNS))]
    for row in table:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
