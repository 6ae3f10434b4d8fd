"""What it costs that people type: a page says so every few seconds, for everybody who writes."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence

from bench.figures import Figures, repeat
from bench.posts import Posts
from bench.servers import Server
from bench.wire import post

TYPING = "100 people who type, both services"
PEOPLE = 100
PAUSE_SECONDS = 5.0  # between two calls of one page (browser/talk)
RUN_SECONDS = 3.0
CONNECTIONS = 8


def typing_calls(names: Sequence[str]) -> Iterator[bytes]:
    """The calls of these sessions' customers, in turns."""
    for name in itertools.cycle(names[:PEOPLE]):
        yield post(f"/api/sessions/{name}/typing", {"active": True}, f"Authorization: Bearer {name}")


def measure_typing(figures: Figures, name: str, calls: Posts, servers: Sequence[Server]) -> None:
    """Record the processor time of the servers while 100 people type, beyond that of as long a rest, in % of a core."""
    figure = figures.of(TYPING, "%", 5)
    calls.connect(CONNECTIONS - calls.idle)
    calls.statuses.clear()

    def measure() -> None:
        for server in servers:
            server.settle()
        at_rest = _used(servers, lambda: time.sleep(RUN_SECONDS))
        used = _used(servers, lambda: _call_in_time(calls))
        figure.record(name, 100 * (used - at_rest) / RUN_SECONDS)

    repeat(measure)
    if set(calls.statuses) != {204}:
        figure.fail(name, f"answers {sorted(calls.statuses)}")


def _used(servers: Sequence[Server], work: Callable[[], None]) -> float:
    before = sum(server.cpu_seconds() for server in servers)
    work()
    return sum(server.cpu_seconds() for server in servers) - before


def _call_in_time(calls: Posts) -> None:
    started = time.perf_counter()
    for number in range(int(PEOPLE * RUN_SECONDS / PAUSE_SECONDS)):
        due = started + number * PAUSE_SECONDS / PEOPLE
        time.sleep(max(0.0, due - time.perf_counter()))
        calls.send()
        calls.finish()
