"""What the agents' lists take with 5,000 sessions in the database, beside 50: a page is read from an index."""

import http.client
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figures
from bench.growth import AGENT
from bench.report import Report
from bench.servers import Server, run_site, running
from bench.streams import HOST

FEW, MANY = 50, 5_000
TIMES = f"lists of {MANY:,} sessions, times {FEW}"
SLOWEST = f"slowest list of {MANY:,} sessions, p50"
LIMIT = 30
CALLS = 60
WARM_UP_CALLS = 20
LISTS = {
    "latest": "/api/sessions?",
    "closed": "/api/sessions?status=closed&",
    "waiting": "/api/sessions?status=pending_manual&",
    "mine": "/api/sessions?mine=1&status=manual_live&",
    "unanswered": "/api/sessions?mine=1&sort=unanswered&",
    "queue": "/api/sessions/queue?",
}


def measure_lists(folder: Path, report: Report) -> None:
    """Record the worst ratio of all lists, under daphne over SQLite, and how long the slowest takes."""
    with run_site(folder) as site:
        [login] = site.backstage.call("log_in", usernames=[AGENT])
        server = site.service("workbench", "daphne")
        with running(server):
            medians = []
            for total in (FEW, MANY):
                site.backstage.call("fill_desk", agent=AGENT, total=total)
                medians.append({name: _median(server, path, login) for name, path in LISTS.items()})
    record(report.figures, *medians)
    ratios = ", ".join(f"{name} {medians[1][name] / medians[0][name]:.2f}" for name in LISTS)
    report.say(f"lists of {MANY:,} sessions, times {FEW}: {ratios}")


def record(figures: Figures, few: dict[str, float], many: dict[str, float]) -> None:
    """Take the seconds of each list with few and with many sessions."""
    figures.of(TIMES, "×", 2).record("daphne", max(many[name] / few[name] for name in LISTS))
    figures.of(SLOWEST, "ms").record("daphne", 1000 * max(many.values()))


def _median(server: Server, path: str, login: str) -> float:
    """The median seconds of a call from its request to the last byte of its answer, one after the other."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    times: Sequence[float] = [_call(connection, f"{path}limit={LIMIT}", login) for _ in range(WARM_UP_CALLS + CALLS)]
    connection.close()
    return statistics.median(times[WARM_UP_CALLS:])


def _call(connection: http.client.HTTPConnection, path: str, login: str) -> float:
    started = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": f"sessionid={login}"})
    answer = connection.getresponse()
    body = answer.read()
    took = time.perf_counter() - started
    if answer.status != 200 or not json.loads(body)["items"]:
        raise RuntimeError(f"GET {path}: {answer.status} {body[:200]!r}")
    return took
