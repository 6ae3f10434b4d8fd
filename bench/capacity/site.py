"""The product over PostgreSQL and Valkey, one process each, and what each of the four spends."""

import contextlib
import dataclasses
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.posts import Posts
from bench.servers import LOAD_CORES, Server, Site, run_postgresql, run_site, running
from bench.streams import Streams

PARTS = ("chatbot", "workbench", "postgres", "valkey")
STEP_SECONDS = 0.002
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Bed:
    """The chatbot has a core of its own; all else shares the other one with the load."""

    site: Site
    chatbot: Server
    workbench: Server
    postgres_pid: int

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time of each part so far."""
        return {
            "chatbot": self.chatbot.cpu_seconds(),
            "workbench": self.workbench.cpu_seconds(),
            "postgres": _cpu_seconds_with_children(self.postgres_pid),
            "valkey": _cpu_seconds_with_children(self.site.valkey.pid),
        }


@contextlib.contextmanager
def run_bed() -> Iterator[Bed]:
    """Both services under daphne over a fresh PostgreSQL, which must be installed; all is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="capacity-") as folder,
        run_postgresql() as postgresql,
        run_site(Path(folder) / "site", postgresql.url) as built,
    ):
        # One address and one agent write here what thousands would.
        site = dataclasses.replace(built, environment={**built.environment, "RATE_LIMITS": "off"})
        chatbot, workbench = site.service("chatbot", "daphne"), site.service("workbench", "daphne", LOAD_CORES)
        with running(chatbot, workbench):
            yield Bed(site, chatbot, workbench, postgresql.pid)


def post_at_rate(posts: Posts, rate: float, seconds: float) -> int:
    """Send requests at an even rate; return how many were answered."""
    started, before, sent = time.perf_counter(), len(posts.seconds), 0
    while (now := time.perf_counter()) < started + seconds:
        for _ in range(min(posts.idle, int((now - started) * rate) - sent)):
            posts.send()
            sent += 1
        posts.read(STEP_SECONDS)
    posts.finish()
    return len(posts.seconds) - before


def read_for(streams: Sequence[Streams], seconds: float) -> None:
    """Read what comes on any of these for some time."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        for each in streams:
            each.read_once(STEP_SECONDS)
        if not streams:
            time.sleep(STEP_SECONDS)


def _cpu_seconds_with_children(parent: int) -> float:
    """Of a process and its children, those that have ended too; in steps of a hundredth."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if path.parent.name == str(parent):
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == parent:
                ticks += sum(map(int, fields[11:13]))
    return ticks / TICKS_A_SECOND
