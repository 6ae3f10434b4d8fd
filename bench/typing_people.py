"""What it costs that people type: a page says so every few seconds, for everybody who writes.

Each of a hundred customers has a connection, a page that is open, and an agent of his own with an open desk. Every call
must reach both.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.connections import wait_until_noted
from bench.figures import Figures, repeat
from bench.posts import Posts
from bench.servers import Server
from bench.streams import NotInTime, Streams
from bench.wire import get_stream, post, session_stream

TYPING = "100 people who type, both services"
PEOPLE = 100
PAUSE_SECONDS = 5.0  # between two calls of one page (browser/net/typing.js)
RUN_SECONDS = PAUSE_SECONDS  # everybody calls once
TYPING_MARK = b"event: typing"


def session_of(under: str, agent: str) -> str:
    """The name of the session of this agent's customer, for the measurement under one server."""
    return f"typing-{under}-{agent}"


@dataclass(slots=True)
class Typists:
    """The calls of these sessions' customers, and the pages that hear of them."""

    calls: Posts
    pages: Sequence[Streams]
    told: int = 0

    def call_in_time(self) -> None:
        """Everybody once, one after the other, whether or not those before have their answer."""
        started = time.perf_counter()
        for number in range(PEOPLE):
            while (left := started + number * PAUSE_SECONDS / PEOPLE - time.perf_counter()) > 0:
                self.calls.read(left)
            self.calls.send()
        self.calls.finish()
        self.told += PEOPLE

    def wait_until_heard(self) -> None:
        """Raises NotInTime."""
        for page in self.pages:
            page.wait_for(self.told)

    def close(self) -> None:
        self.calls.close()
        for page in self.pages:
            page.close()


def open_pages(names: Sequence[str], logins: Sequence[str], chatbot: Server, workbench: Server) -> Typists:
    """Pages of the customers of these sessions, and of the agents with these logins."""
    calls = [post(f"/api/sessions/{name}/typing", {"active": True}, f"Authorization: Bearer {name}") for name in names]
    posts = Posts(chatbot.port, itertools.cycle(calls))
    posts.connect(PEOPLE)
    customers, agents = Streams(chatbot.port, TYPING_MARK), Streams(workbench.port, TYPING_MARK)
    customers.open([session_stream(name) for name in names])
    agents.open([get_stream("/api/agent/events", f"Cookie: sessionid={login}") for login in logins])
    wait_until_noted(chatbot, customers)
    wait_until_noted(workbench, agents)
    return Typists(posts, (customers, agents))


def measure_typing(figures: Figures, under: str, typists: Typists, servers: Sequence[Server]) -> None:
    """Record the processor time of the servers while everybody types, beyond that of a rest, in % of a core."""
    figure = figures.of(TYPING, "%", 5)

    def measure() -> None:
        for server in servers:
            server.settle()
        at_rest, rest_seconds = _used(servers, lambda: time.sleep(RUN_SECONDS))
        used, seconds = _used(servers, typists.call_in_time)
        figure.record(under, 100 * (used - at_rest * seconds / rest_seconds) / RUN_SECONDS)
        typists.wait_until_heard()

    try:
        repeat(measure)
    except NotInTime:
        figure.fail(under, "not heard")
    if set(typists.calls.statuses) != {204}:
        figure.fail(under, f"answers {sorted(typists.calls.statuses)}")


def _used(servers: Sequence[Server], work: Callable[[], None]) -> tuple[float, float]:
    """Processor time of all threads of the servers meanwhile, and the time that has passed."""
    before, started = sum(server.cpu_seconds() for server in servers), time.perf_counter()
    work()
    return sum(server.cpu_seconds() for server in servers) - before, time.perf_counter() - started
