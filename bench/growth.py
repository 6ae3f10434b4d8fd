"""How costs grow: with sessions, events a second, processes and the log. A curve for each question."""

import statistics
import time
from collections.abc import Sequence

from bench.curves import Curves
from bench.delivery import POINT_SECONDS, STREAM_COUNTS
from bench.figures import RUNS, percentile
from bench.latency import customer_messages
from bench.posts import Posts
from bench.servers import Server, Site, running
from bench.streams import Streams
from bench.wire import Redis, envelope, resume_from, session_stream

EVENT_RATES = (10, 100, 500, 1_000, 2_000, 4_000)
PROCESS_COUNTS = (1, 2, 3, 4)
LOG_ROWS = (1_000, 10_000, 100_000, 1_000_000)
IDLE_SECONDS = 1.0
RATE_SECONDS = 1.0
SAMPLES = 300
POSTING_SECONDS = 1.0
STEP_SECONDS = 0.002
LOG_MISSED = 20
AGENT = "alice"
LOG_STREAMS = 25  # so few that the smallest log has for each channel what its client missed


def plot_sessions(curves: Curves, server: Server, redis: Redis, names: Sequence[str]) -> None:
    """Idle processor time, and publish to stream, against the number of open streams with a channel of their own."""
    idle = curves.of("sessions-idle", "streams open, own channels", "idle CPU, %")
    delay = curves.of("sessions-latency", "streams open, own channels", "PUBLISH to stream, ms")
    streams = Streams(server.port)
    for count in STREAM_COUNTS:
        streams.open([session_stream(name) for name in names[len(streams.all) : count]])
        streams.read_for(POINT_SECONDS)
        used = server.cpu_seconds()
        streams.read_for(IDLE_SECONDS)
        idle.add("daphne", count, 100 * (server.cpu_seconds() - used) / IDLE_SECONDS)
        delays = [_publish_and_wait(streams, redis, names[index * 7 % count]) for index in range(SAMPLES)]
        delay.add("p50", count, 1_000 * percentile(delays, 50))
        delay.add("p99", count, 1_000 * percentile(delays, 99))
    streams.close()
    server.settle()


def _publish_and_wait(streams: Streams, redis: Redis, session: str) -> float:
    expected, started = streams.delivered + 1, time.perf_counter()
    redis.publish([(f"sse:session:{session}", envelope())])
    return streams.wait_for(expected) - started


def plot_rates(curves: Curves, server: Server, redis: Redis, session: str) -> None:
    """Processor time of a delivery against the rate of events, to 100 streams of one channel."""
    curve = curves.of("rates", "events a second, to 100 streams", "server CPU per delivery, µs")
    streams = Streams(server.port)
    streams.open([session_stream(session)] * 100)
    for rate in EVENT_RATES:
        before, used = streams.delivered, server.cpu_seconds()
        sent = _publish_at_rate(streams, redis, session, rate)
        streams.wait_for(before + sent * len(streams.all))
        curve.add("daphne", rate, 1e6 * (server.cpu_seconds() - used) / (streams.delivered - before))
    streams.close()


def _publish_at_rate(streams: Streams, redis: Redis, session: str, rate: int) -> int:
    """Publish for a while, reading meanwhile; return how many events."""
    started, sent = time.perf_counter(), 0
    while (now := time.perf_counter()) < started + RATE_SECONDS:
        if due := int((now - started) * rate) - sent:
            redis.publish([(f"sse:session:{session}", envelope())] * due)
            sent += due
        streams.read_once(STEP_SECONDS)
    return sent


def plot_processes(curves: Curves, site: Site, redis: Redis, session: str) -> None:
    """Processor time of a delivery, over all processes, when 400 streams of one channel are spread over them."""
    curve = curves.of("processes", "processes, 400 streams in all", "CPU per delivery over all processes, µs")
    servers = [site.service("chatbot", "daphne") for _ in PROCESS_COUNTS]
    with running(*servers):
        for count in PROCESS_COUNTS:
            parts = [Streams(server.port) for server in servers[:count]]
            for part in parts:
                part.open([session_stream(session)] * (400 // count))
            used = sum(server.cpu_seconds() for server in servers[:count])
            deliveries = _deliver_to_all(parts, redis, session)
            used = sum(server.cpu_seconds() for server in servers[:count]) - used
            curve.add("daphne", count, 1e6 * used / deliveries)
            for part in parts:
                part.close()


def _deliver_to_all(parts: Sequence[Streams], redis: Redis, session: str) -> int:
    """Publish an event at a time, the next when all streams have it; return the number of deliveries."""
    deadline, deliveries = time.perf_counter() + POINT_SECONDS, 0
    while time.perf_counter() < deadline:
        expected = [part.delivered + len(part.all) for part in parts]
        redis.publish([(f"sse:session:{session}", envelope())])
        for part, events in zip(parts, expected, strict=True):
            part.wait_for(events)
        deliveries += sum(len(part.all) for part in parts)
    return deliveries


def plot_log(curves: Curves, site: Site) -> None:
    """What a message costs, and how long 25 streams take to resume, against the events in a log that was empty."""
    cost = curves.of("log-post", "events in the log", "server CPU per accepted message, ms")
    resume = curves.of("log-resume", "events in the log", "25 streams resumed, 20 missed each, s")
    names = [f"log-{number}" for number in range(LOG_STREAMS)]
    channels = [f"sse_session_{name}" for name in names]
    site.backstage.call("create_sessions", names=names, assignee=AGENT)
    for rows in LOG_ROWS:
        heads = site.backstage.call("grow_log", channels=channels, rows=rows)
        server = site.service("chatbot", "daphne")  # one that ran would first catch up with all that was written
        with running(server):
            resume.add("daphne", rows, statistics.median(_resume_all(server, heads) for _ in range(RUNS)))
            posts = Posts(server.port, customer_messages(names))
            posts.connect(8)
            posts.run(POINT_SECONDS)
            cost.add("daphne", rows, 1_000 * _cpu_of_posts(server, posts))
            posts.close()


def _cpu_of_posts(server: Server, posts: Posts) -> float:
    """Seconds of processor time for one accepted message."""
    used, answered = server.cpu_seconds(), len(posts.seconds)
    posts.run(POSTING_SECONDS)
    return (server.cpu_seconds() - used) / (len(posts.seconds) - answered)


def _resume_all(server: Server, heads: dict[str, int]) -> float:
    streams = Streams(server.port, mark=b"\ndata: ")
    requests = [
        session_stream(channel.removeprefix("sse_session_"), resume_from(channel, max(0, last - LOG_MISSED)))
        for channel, last in heads.items()
    ]
    missed = sum(min(last, LOG_MISSED) for last in heads.values())
    started = time.perf_counter()
    streams.open(requests)
    ended = streams.wait_for(missed + len(requests))  # stream-open has data, too
    streams.close()
    return ended - started
