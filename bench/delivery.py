"""What one delivery costs the server: an event at a time to all streams, the next when the last stream has it."""

import time

from bench.figures import Figure
from bench.servers import Server
from bench.streams import NotInTime, Streams
from bench.wire import Send

RUN_SECONDS = 1.0
WARM_UP_EVENTS = 5
MAX_WAIT_SECONDS = 5.0


def measure_delivery(server: Server, streams: Streams, send: Send, figure: Figure, name: str) -> None:
    """Record the server's processor time for one delivery, in µs; nan if an event was lost on the way.

    With one event under way no two frames are joined, so this is the dearest way to deliver.
    """
    try:
        for _ in range(WARM_UP_EVENTS):
            deliver_one(streams, send)
        figure.record(name, 1e6 * cpu_of_deliveries(server, streams, send))
    except NotInTime as error:
        print(f"    {server.name}: {error}\n{server.tail()}", flush=True)
        figure.record(name, float("nan"))


def cpu_of_deliveries(server: Server, streams: Streams, send: Send, seconds: float = RUN_SECONDS) -> float:
    """Seconds of processor time for one delivery."""
    before, used = streams.delivered, server.cpu_seconds()
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        deliver_one(streams, send)
    return (server.cpu_seconds() - used) / (streams.delivered - before)


def deliver_one(streams: Streams, send: Send) -> None:
    expected = streams.delivered + len(streams.all)
    send()
    streams.wait_for(expected, MAX_WAIT_SECONDS)
