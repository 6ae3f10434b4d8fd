"""More events than can be delivered one by one: what arrives, who is cut off, whether Redis is taken for dead."""

import time
from dataclasses import dataclass
from http.client import HTTPConnection

from bench.figures import Figure, Figures
from bench.servers import Server
from bench.streams import HOST, Streams
from bench.wire import Redis, Send, envelope

OVERLOADED = 100  # streams
EVENTS_A_SECOND = 3_000
RUN_SECONDS = 1.5
QUIET_SECONDS = 0.7
STEP_SECONDS = 0.005
# More than twice what a process does. Without bound it would measure Redis, which closes a subscriber at 32 MB unread.
FLOOD_EVENTS_A_SECOND = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """`rate` is deliveries a second while they went on; `share` is how much of what was sent arrived."""

    rate: float
    share: float


def measure_overload(figures: Figures, server: Server, name: str, streams: Streams, redis: Redis, channel: str) -> None:
    """3,000 events a second, then more than a process can do, published to 100 streams of this project."""
    before = _counter(server, "sse_degradations_total")
    steady = _send_at_rate(streams, redis, channel, EVENTS_A_SECOND)
    figures.of("3,000 events/s to 100: delivered", "%", 100, at_least=True).record(name, 100 * steady.share)
    _deliveries(figures).record(name, steady.rate)
    flood = _send_at_rate(streams, redis, channel, FLOOD_EVENTS_A_SECOND)
    figures.of("20,000 events/s to 100: deliveries", "/s").record(name, flood.rate)
    figures.of("20,000 events/s to 100: delivered", "%", 100, at_least=True).record(name, 100 * flood.share)
    figures.of("overload: reading clients cut off", "", 0).record(name, streams.closed_by_server)
    degradations = _counter(server, "sse_degradations_total") - before
    figures.of("overload: Redis taken for dead", "", 0).record(name, degradations)


def measure_reference_overload(figures: Figures, name: str, streams: Streams, send: Send) -> None:
    """At most the same rate, for a server to which events are POSTed one at a time.

    It sets the pace itself, so there is no share to record, and it is spared what an open flood does to it.
    """
    started, before, sent = time.perf_counter(), streams.delivered, 0
    while (now := time.perf_counter()) < started + RUN_SECONDS:
        if sent < (now - started) * EVENTS_A_SECOND:
            send()
            sent += 1
        streams.read_once(0)
    _deliveries(figures).record(name, _drain(streams, started, before, sent).rate)


def _deliveries(figures: Figures) -> Figure:
    return figures.of("3,000 events/s to 100: deliveries", "/s")


def _send_at_rate(streams: Streams, redis: Redis, channel: str, rate: int) -> Outcome:
    data = envelope()
    started, before, sent = time.perf_counter(), streams.delivered, 0
    while (now := time.perf_counter()) < started + RUN_SECONDS:
        due = int((now - started) * rate) - sent
        if due > 0:
            redis.publish([(channel, data)] * due)
            sent += due
        streams.read_once(STEP_SECONDS)
    return _drain(streams, started, before, sent)


def _drain(streams: Streams, started: float, before: int, sent: int) -> Outcome:
    """Read until nothing more comes."""
    last, ended = streams.delivered, time.perf_counter()
    while time.perf_counter() < ended + QUIET_SECONDS:
        streams.read_once(STEP_SECONDS)
        if streams.delivered > last:
            last, ended = streams.delivered, time.perf_counter()
    arrived = streams.delivered - before
    return Outcome(arrived / (ended - started), arrived / (sent * len(streams.all)) if streams.all else 0.0)


def _counter(server: Server, name: str) -> float:
    connection = HTTPConnection(HOST, server.port, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))
