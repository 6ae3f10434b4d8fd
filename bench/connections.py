"""What open streams cost, how fast they open, and how fast a thousand come back with events to catch up."""

import contextlib
import time
from collections.abc import Sequence

from bench.figures import Figure, Figures
from bench.servers import Server
from bench.streams import EVENT_MARK, NotInTime, Streams

IDLE_SECONDS = 2.0
NOTED_SECONDS = 2.0  # until a service has begun to note whose customers are here
WARM_UP = 10
MISSED = 20
OPENING = "open 1,000 streams at once"
STORM = "1,000 come back, 20 missed each"
DATABASE_FILE = "db.sqlite3"


def opening_figure(figures: Figures) -> Figure:
    return figures.of(OPENING, "s")


def storm_figure(figures: Figures) -> Figure:
    return figures.of(STORM, "s")


def measure_open_streams(
    figures: Figures, server: Server, name: str, first: Sequence[bytes], rest: Sequence[bytes]
) -> float:
    """Memory, threads, database connections and idle processor time with many streams, against a few.

    Returns the seconds that it took to open the rest.
    """
    streams = Streams(server.port)
    streams.open(first)
    wait_until_noted(server, streams)  # what it takes once, for whichever number of streams
    memory, threads, connections = server.resident_kib(), server.threads(), server.open_files(DATABASE_FILE)
    opening = streams.open(rest)
    wait_until_noted(server, streams)
    figures.of("memory a stream", "KiB", 18, 13).record(name, (server.resident_kib() - memory) / len(rest))
    figures.of("threads more than at 10 streams", "", 0).record(name, server.threads() - threads)
    more = server.open_files(DATABASE_FILE) - connections
    figures.of("database connections more than at 10", "", 0).record(name, more)
    used, started = server.cpu_seconds(), time.perf_counter()
    streams.read_for(IDLE_SECONDS)
    idle = (server.cpu_seconds() - used) / (time.perf_counter() - started)
    figures.of("idle processor time", "%", 2).record(name, 100 * idle)
    streams.close()
    server.settle()
    return opening


def wait_until_noted(server: Server, streams: Streams) -> None:
    """Wait until the server has written in the database whose streams it has, and does nothing any more."""
    streams.read_for(NOTED_SECONDS)
    server.settle()


def measure_opening(figure: Figure, server: Server, name: str, requests: Sequence[bytes]) -> None:
    """Time until a thousand streams, opened at once, all had their first block."""
    streams = Streams(server.port)
    try:
        figure.record(name, streams.open(requests))
    except NotInTime:
        figure.fail(name, f"{streams.opened} of {len(requests)}")
    streams.close()
    server.settle()


def measure_storm(figure: Figure, server: Server, name: str, requests: Sequence[bytes], within: float = 30.0) -> None:
    """Time until all clients that came back at once had what they missed, each event once and in order."""
    streams = Streams(server.port, keeps=True)
    started = time.perf_counter()
    with contextlib.suppress(NotInTime):
        streams.open(requests, within)
        streams.wait_for(MISSED * len(requests), within - (time.perf_counter() - started))
    seconds = time.perf_counter() - started
    right = sum(_numbers(stream.content()) == list(range(1, MISSED + 1)) for stream in streams.all)
    if right == len(requests):
        figure.record(name, seconds)
    else:
        figure.fail(name, f"{right} of {len(requests)}")
    streams.close()
    server.settle()


def _numbers(content: bytes) -> list[int]:
    """The numbers of the events of a stream of one channel, in the order in which they came."""
    numbers = []
    for block in content.split(b"\n\n"):
        if EVENT_MARK in block:
            with contextlib.suppress(ValueError):
                numbers.append(int(block.partition(b"id: ")[2].split(b"\n")[0].rpartition(b":")[2]))
    return numbers
