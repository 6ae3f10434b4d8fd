"""What one delivery costs the server: an event at a time to all streams, the next when the last stream has it."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, Figures, repeat
from bench.report import Report
from bench.servers import Server, bare_server, running
from bench.streams import NotInTime, Streams
from bench.wire import Send, frame, get_stream, post_sender

THOUSAND = 1_000
STREAM_COUNTS = (10, 100, THOUSAND, 5_000)
RUN_SECONDS = 0.7
POINT_SECONDS = 0.5
WARM_UP_EVENTS = 5
MAX_WAIT_SECONDS = 5.0


class Beside:
    """A bare server with a thousand streams, for turns with another one: a bad minute of the machine meets both."""

    def __init__(self, figures: Figures, server: Server) -> None:
        self._ratio = figures.of("CPU per delivery, times bare", "x", 1.7, 1.5)
        self._server = server
        self._streams = Streams(server.port)
        self._streams.open([get_stream("/")] * THOUSAND)
        self._send = post_sender(server.port, "/", frame())
        _warm_up(self._streams, self._send)

    def compare(self, name: str, cost: float) -> None:
        """Record what the other server's delivery just took as a multiple of what one takes here and now."""
        self._ratio.record(name, cost / _cpu_of_delivery(self._server, self._streams, self._send, RUN_SECONDS))

    def close(self) -> None:
        self._streams.close()


@contextlib.contextmanager
def running_beside(figures: Figures, folder: Path) -> Iterator[Beside]:
    server = bare_server(folder)
    with running(server), contextlib.closing(Beside(figures, server)) as beside:
        yield beside


def measure_growing_delivery(
    report: Report,
    server: Server,
    streams: Streams,
    request: bytes,
    send: Send,
    name: str,
    figure: Figure,
    most: int = STREAM_COUNTS[-1],
    beside: Beside | None = None,
) -> None:
    """Plot processor time of a delivery against the streams on one channel; `figure` is that of a thousand.

    The streams, `most` of them in the end, stay open.
    """
    curve = report.curves.of("streams", "streams on one channel", "server CPU per delivery, µs")
    for count in (count for count in STREAM_COUNTS if count <= most):
        streams.open([request] * (count - len(streams.all)))
        if count == THOUSAND:
            measure_delivery(server, streams, send, name, figure, beside)
            cost = figure.value(name)
            assert cost is not None
        else:
            _warm_up(streams, send)
            cost = 1e6 * _cpu_of_delivery(server, streams, send, POINT_SECONDS)
        curve.add(name, count, cost)


def measure_delivery(
    server: Server, streams: Streams, send: Send, name: str, figure: Figure, beside: Beside | None = None
) -> None:
    """Record the server's processor time for one delivery, in µs, three times; fails if an event was lost on the way.

    With one event under way no two frames are joined, so this is the dearest way to deliver.
    """

    def measure() -> None:
        cost = _cpu_of_delivery(server, streams, send, RUN_SECONDS)
        figure.record(name, 1e6 * cost)
        if beside is not None:
            beside.compare(name, cost)

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
