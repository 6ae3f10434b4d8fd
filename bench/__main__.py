"""`python -m bench`: this project beside a bare server, stock django-eventstream and plain Django, in one run.

Prints each figure beside its target, writes CSV to bench/results/ and plots to bench/plots/ (of a partial run to
results/). Takes about eight minutes; the machine should have nothing else to do. Ends with 1 if a figure misses its
target.
"""

import argparse
import fcntl
import os
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.connections import OPENING, STORM
from bench.figures import Figures
from bench.growth import plot_log, plot_processes, plot_rates, plot_sessions
from bench.lists import measure_lists
from bench.messages import ANSWER, MESSAGES, OTHER_STREAM, REPLIES
from bench.postgresql import measure_postgresql
from bench.project import DELIVERY, Project, create_people
from bench.queue import measure_queue
from bench.references import bare, measure_plain, measure_reference, measure_stock_storm, stock
from bench.report import Report
from bench.servers import LOAD_CORES, Site, run_site, running
from bench.wire import Redis

FOLDER = Path(__file__).resolve().parent
QUIET_LOAD = 0.7
PARTS = ("bare", "stock", "plain", "daphne", "uvicorn", "postgresql", "lists", "growth", "queue")


def main() -> int:
    wanted = _read_arguments()
    with (Path(tempfile.gettempdir()) / "handover-bench.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two runs would measure each other
        except BlockingIOError:
            print("error: another benchmark is running on this machine", file=sys.stderr)
            return 1
        return run(wanted)


def run(wanted: Sequence[str]) -> int:
    """Measure, print and write; return the exit code."""
    report = Report()
    if (load := os.getloadavg()[0]) > QUIET_LOAD:
        report.say(f"warning: the machine is busy (load {load:.1f}); times will be too long, and some figures fail")
    os.sched_setaffinity(0, LOAD_CORES)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measure(Path(folder), wanted, report)
    derive_ratios(report.figures)
    print(report.figures.table())
    write(report, FOLDER / "plots" if set(wanted) == set(PARTS) else FOLDER / "results")
    problems = [*report.figures.explain_misses(), *(f"FAILED {failure}" for failure in report.failures)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def derive_ratios(figures: Figures) -> None:
    """What does not depend on the machine: each figure beside that of a reference in the same run."""
    figures.derive_ratio(DELIVERY, "CPU per delivery, times stock", "stock", 1 / 3)
    figures.derive_ratio(OPENING, f"{OPENING}, times stock", "stock", 0.35)
    figures.derive_ratio(STORM, f"{STORM}, times stock", "stock", 0.25)
    for label in (MESSAGES, REPLIES):
        figures.derive_ratio(label, f"{label}, times plain Django", "plain", 1.4, at_least=True)
    half = f"{OTHER_STREAM}, p50"
    figures.derive_ratio(half, f"{half}, times plain Django's answer", "plain", 1, base_figure=f"{ANSWER}, p50")


def measure(folder: Path, wanted: Sequence[str], report: Report) -> None:
    """Measure the wanted parts, one after the other."""
    if "bare" in wanted:
        report.attempt("bare", partial(measure_reference, bare(folder), report))
    if "stock" in wanted:
        report.attempt("stock", partial(measure_reference, stock(folder), report))
        report.attempt("stock with storage: reconnect storm", partial(measure_stock_storm, folder, report))
    if "plain" in wanted:
        report.attempt("plain Django", partial(measure_plain, folder / "plain", report))
    if "lists" in wanted:
        report.attempt("lists", partial(measure_lists, folder / "lists", report))
    if {"daphne", "uvicorn", "growth"}.intersection(wanted):
        with run_site(folder / "site") as site:
            report.say("create sessions and agents")
            people = create_people(site)
            for under in ("daphne", "uvicorn"):
                if under in wanted:
                    Project(site, under, people, report).measure()
            if "growth" in wanted:
                measure_growth(site, people.live, report)
        with run_site(folder / "log") as site:
            report.attempt("growth with the log", partial(plot_log, report.curves, site))
    if "postgresql" in wanted:
        report.attempt("PostgreSQL", partial(measure_postgresql, folder / "postgresql", report))
    if "queue" in wanted:
        report.attempt("queue", partial(measure_queue, report.figures, folder / "queue"))


def measure_growth(site: Site, names: Sequence[str], report: Report) -> None:
    """Curves that do not depend on the server are taken under daphne alone."""
    redis = Redis(site.valkey.port)
    server = site.service("chatbot", "daphne")
    with running(server):
        report.attempt("growth with sessions", partial(plot_sessions, report.curves, server, redis, names))
        report.attempt("growth with the rate of events", partial(plot_rates, report.curves, server, redis, names[0]))
    report.attempt("growth with processes", partial(plot_processes, report.curves, site, redis, names[0]))
    redis.close()


def _read_arguments() -> list[str]:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"what to measure: {', '.join(PARTS)} (default: all)")
    parts: list[str] = parser.parse_args().parts
    if unknown := set(parts).difference(PARTS):
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    return parts or list(PARTS)


def write(report: Report, plots_folder: Path) -> None:
    """Write the figures and curves as CSV, and the plots if matplotlib is there."""
    results = FOLDER / "results"
    results.mkdir(exist_ok=True)
    report.figures.write_csv(results / "figures.csv")
    report.curves.write_csv(results / "curves.csv")
    report.say("wrote bench/results/")
    try:
        from bench import plots
    except ImportError:
        report.say("no plots: matplotlib is not installed (the extra `bench`)")
        return
    plots_folder.mkdir(exist_ok=True)
    for curve in report.curves.all.values():
        if curve.lines:
            plots.draw(curve, plots_folder / f"{curve.name}.png")
    report.say(f"wrote {plots_folder.relative_to(FOLDER.parent)}/*.png")


if __name__ == "__main__":
    sys.exit(main())
