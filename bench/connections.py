"""What open streams cost, how fast they open, and how fast a thousand come back with events to catch up."""

import contextlib
import math
import time
from collections.abc import Sequence

from bench.figures import Figures
from bench.servers import Server
from bench.streams import EVENT_MARK, NotInTime, Streams

IDLE_SECONDS = 3.0
SETTLE_SECONDS = 0.7  # the server has seen that streams are gone
WARM_UP = 10
MISSED = 20
DATABASE_FILE = "db.sqlite3"


def measure_open_streams(
    figures: Figures, server: Server, name: str, first: Sequence[bytes], rest: Sequence[bytes]
) -> None:
    """Memory, threads, database connections and idle processor time with many streams, against a few."""
    streams = Streams(server.port)
    streams.open(first)
    streams.read_for(SETTLE_SECONDS)
    memory, threads, connections = server.resident_kib(), server.threads(), server.open_files(DATABASE_FILE)
    streams.open(rest)
    figures.of("memory a stream", "KiB", {"daphne": 18, "uvicorn": 13}).record(
        name, (server.resident_kib() - memory) / len(rest)
    )
    figures.of("threads more than at 10 streams", "", {"daphne": 0, "uvicorn": 0}).record(
        name, server.threads() - threads
    )
    figures.of("database connections more than at 10", "", {"daphne": 0, "uvicorn": 0}).record(
        name, server.open_files(DATABASE_FILE) - connections
    )
    streams.read_for(SETTLE_SECONDS)
    used, started = server.cpu_seconds(), time.perf_counter()
    streams.read_for(IDLE_SECONDS)
    idle = (server.cpu_seconds() - used) / (time.perf_counter() - started)
    figures.of("idle processor time", "%", {"daphne": 2, "uvicorn": 2}).record(name, 100 * idle)
    streams.close()


def measure_opening(figures: Figures, server: Server, name: str, requests: Sequence[bytes]) -> None:
    """Time until a thousand streams, opened at once, all had their first block."""
    figure = figures.of("open 1,000 streams at once", "s", {"daphne": 0.5, "uvicorn": 0.5})
    streams = Streams(server.port)
    try:
        figure.record(name, streams.open(requests))
    except NotInTime:
        figure.record(name, math.nan)
    streams.close()
    _let_settle()


def measure_storm(figures: Figures, server: Server, name: str, requests: Sequence[bytes]) -> None:
    """Time until all clients that came back at once had what they missed, each event once and in order."""
    figure = figures.of("1,000 come back, 20 missed each", "s", {"daphne": 0.7, "uvicorn": 0.7})
    streams = Streams(server.port, keeps=True)
    started = time.perf_counter()
    try:
        streams.open(requests)
        ended = streams.wait_for(MISSED * len(requests))
        is_right = all(_numbers(stream.content()) == list(range(1, MISSED + 1)) for stream in streams.all)
        figure.record(name, ended - started if is_right else math.nan)
    except NotInTime:
        figure.record(name, math.nan)
    streams.close()
    _let_settle()


def _numbers(content: bytes) -> list[int]:
    """The numbers of the events of a stream of one channel, in the order in which they came."""
    numbers = []
    for block in content.split(b"\n\n"):
        if EVENT_MARK in block:
            with contextlib.suppress(ValueError):
                numbers.append(int(block.partition(b"id: ")[2].split(b"\n")[0].rpartition(b":")[2]))
    return numbers


def _let_settle() -> None:
    time.sleep(SETTLE_SECONDS)
