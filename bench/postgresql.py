"""What changes with PostgreSQL in place of SQLite, and how many changes of status it takes from several processes."""

import itertools
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.delivery import THOUSAND
from bench.figures import OURS, Figures, repeat
from bench.growth import AGENT
from bench.latency import NO_LIMITS, Limits, percentile_figures, record_percentiles
from bench.messages import run_messages
from bench.report import Report
from bench.servers import ALL_CORES, Backstage, Site, run_postgresql, run_site
from harness.packages import find_program
from harness.programs import wait_until

LATENCY = "PostgreSQL: POST → other service's stream"
LIMITS: Limits = NO_LIMITS
PROCESSES = 2
THREADS = 4
CHANGE_SECONDS = 1.5
SESSIONS_A_THREAD = 10
WARM_UP_SECONDS = 0.3
EVENTS_A_ROUND = 3  # on the broadcast channel: two of an escalation, one of its withdrawal


def measure_postgresql(folder: Path, report: Report) -> None:
    """The figures of a site on PostgreSQL. The database works beside the load, on its core."""
    if find_program("initdb") is None:
        report.say("PostgreSQL is not installed (as root: make packages): not measured")
        for under in OURS:
            for figure in percentile_figures(report.figures, LATENCY, LIMITS):
                figure.fail(under, "not installed")
        return
    report.say("start PostgreSQL")
    with run_postgresql() as postgresql, run_site(folder, postgresql.url) as site:
        names = [f"live-{number}" for number in range(THOUSAND)]
        site.backstage.call("create_sessions", names=names, assignee=AGENT)
        [login] = site.backstage.call("log_in", usernames=[AGENT])
        for under in OURS:
            report.attempt(f"PostgreSQL, {under}", partial(_measure_messages, site, under, names, login, report))
        os.sched_setaffinity(postgresql.pid, ALL_CORES)  # those of its processes that come from here on
        report.attempt("PostgreSQL: changes of status", partial(_measure_changes, site, report))


def _measure_messages(site: Site, under: str, names: Sequence[str], login: str, report: Report) -> None:
    with run_messages(report, under, site, names, login) as messages:
        messages.measure_latency(LATENCY, LIMITS)
        if under == OURS[0]:  # a run has to end within minutes
            messages.measure_acceptance("PostgreSQL: messages accepted, with an agent", None)


def _measure_changes(site: Site, report: Report) -> None:
    """Escalations and their withdrawals a second; processes and PostgreSQL share both cores, there is no server."""
    names = [f"change-{number}" for number in range(PROCESSES * THREADS * SESSIONS_A_THREAD)]
    site.backstage.call("create_sessions", names=names)
    processes = [Backstage(site.environment, ALL_CORES) for _ in range(PROCESSES)]
    try:
        _change_status(site, processes, names, WARM_UP_SECONDS)
        repeat(partial(_measure_once, site, processes, names, report.figures))
    finally:
        for process in processes:
            process.stop()


def _measure_once(site: Site, processes: Sequence[Backstage], names: Sequence[str], figures: Figures) -> None:
    escalations = _change_status(site, processes, names, CHANGE_SECONDS)
    label = f"PostgreSQL: {PROCESSES} × {THREADS} threads"
    figures.of(f"{label}, status changes", "/s").record(OURS[0], 2 * len(escalations) / CHANGE_SECONDS)
    record_percentiles(figures, OURS[0], f"{label}, escalate", NO_LIMITS, escalations)


def _change_status(site: Site, processes: Sequence[Backstage], names: Sequence[str], seconds: float) -> list[float]:
    """Have all processes escalate sessions and take that back; return the seconds of each escalation.

    Raises AssertionError if not each of them has its events in the log soon.
    """
    before = _count_broadcasts(site)
    for number, process in enumerate(processes):
        process.begin("change_status", names=names[number :: len(processes)], threads=THREADS, seconds=seconds)
    escalations: list[float] = list(itertools.chain(*(process.answer() for process in processes)))
    expected = before + EVENTS_A_ROUND * len(escalations)
    wait_until("every change is in the log", lambda: _count_broadcasts(site) == expected)
    return escalations


def _count_broadcasts(site: Site) -> int:
    return int(site.backstage.call("last_number", channel="sse_broadcast"))
