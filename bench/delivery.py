"""What one delivery costs the server: an event at a time to all streams, the next when the last stream has it."""

import time

from bench.figures import Figure, repeat
from bench.report import Report
from bench.servers import Server
from bench.streams import NotInTime, Streams
from bench.wire import Send

THOUSAND = 1_000
STREAM_COUNTS = (10, 100, THOUSAND, 5_000)
RUN_SECONDS = 0.7
POINT_SECONDS = 0.5
WARM_UP_EVENTS = 5
MAX_WAIT_SECONDS = 5.0


def measure_growing_delivery(
    report: Report,
    server: Server,
    streams: Streams,
    request: bytes,
    send: Send,
    name: str,
    figure: Figure,
    most: int = STREAM_COUNTS[-1],
) -> None:
    """Plot processor time of a delivery against the streams on one channel; `figure` is that of a thousand.

    The streams, `most` of them in the end, stay open.
    """
    curve = report.curves.of("streams", "streams on one channel", "server CPU per delivery, µs")
    for count in (count for count in STREAM_COUNTS if count <= most):
        streams.open([request] * (count - len(streams.all)))
        if count == THOUSAND:
            measure_delivery(server, streams, send, name, figure)
            cost = figure.value(name)
            assert cost is not None
        else:
            _warm_up(streams, send)
            cost = 1e6 * _cpu_of_delivery(server, streams, send, POINT_SECONDS)
        curve.add(name, count, cost)


def measure_delivery(server: Server, streams: Streams, send: Send, name: str, figure: Figure) -> None:
    """Record the server's processor time for one delivery, in µs, three times; fails if an event was lost on the way.

    With one event under way no two frames are joined, so this is the dearest way to deliver.
    """

    def measure() -> None:
        figure.record(name, 1e6 * _cpu_of_delivery(server, streams, send, RUN_SECONDS))

    try:
        _warm_up(streams, send)
        repeat(measure)
    except NotInTime as error:
        print(f"    {server.name}: {error}\n{server.tail()}", flush=True)
        figure.fail(name, "lost")


def _cpu_of_delivery(server: Server, streams: Streams, send: Send, seconds: float) -> float:
    """Seconds of processor time for one delivery."""
    before, used = streams.delivered, server.cpu_seconds()
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        _deliver_one(streams, send)
    return (server.cpu_seconds() - used) / (streams.delivered - before)


def _warm_up(streams: Streams, send: Send) -> None:
    for _ in range(WARM_UP_EVENTS):
        _deliver_one(streams, send)


def _deliver_one(streams: Streams, send: Send) -> None:
    expected = streams.delivered + len(streams.all)
    send()
    streams.wait_for(expected, MAX_WAIT_SECONDS)
