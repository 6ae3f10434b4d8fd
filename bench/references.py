"""What this project is compared with: the bare server as the limit, stock django-eventstream, plain Django."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import latency
from bench.connections import (
    MISSED,
    WARM_UP,
    measure_open_streams,
    measure_opening,
    measure_storm,
    opening_figure,
    storm_figure,
)
from bench.delivery import STREAM_COUNTS, THOUSAND, measure_growing_delivery
from bench.figures import Figures, repeat
from bench.messages import ANSWER, MESSAGES, OWN_STREAM, REPLIES
from bench.overload import OVERLOADED, measure_reference_overload
from bench.posts import Posts
from bench.project import DELIVERY, delivery_figure
from bench.report import Report
from bench.servers import Server, bare_server, plain_environment, plain_server, running, stock_environment, stock_server
from bench.streams import EVENT_MARK, Streams
from bench.wire import envelope, frame, get_stream, post_bytes, post_sender, resume_from
from harness.programs import ROOT, Valkey

STORM_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Reference:
    """A server to which events are POSTed, and whose streams all read one channel."""

    name: str
    server: Server
    stream: bytes
    publish_path: str
    event: bytes
    most_streams: int
    numbered: Iterator[bytes] | None = None  # POSTs of which the n-th says "n<n>"


def bare(folder: Path) -> Reference:
    numbered = (post_bytes("/", frame(f"n{number}")) for number in itertools.count())
    return Reference("bare", bare_server(folder), get_stream("/"), "/", frame(), STREAM_COUNTS[-1], numbered)


def stock(folder: Path) -> Reference:
    """With a thread for each stream, it is not asked for more than a thousand."""
    server = stock_server(folder)
    return Reference("stock", server, get_stream("/events/bench/"), "/publish", envelope(), THOUSAND)


def measure_reference(reference: Reference, report: Report) -> None:
    """The figures that make sense for a server that neither logs nor resumes."""
    server, name = reference.server, reference.name
    figures, say = report.figures, report.say
    with running(server):
        say(f"{name}: memory of streams, and their opening")
        many = [reference.stream] * reference.most_streams
        seconds = measure_open_streams(figures, server, name, many[:WARM_UP], many)
        if len(many) == THOUSAND:
            opening_figure(figures).record(name, seconds)
        else:
            measure_opening(opening_figure(figures), server, name, many[:THOUSAND])
        say(f"{name}: delivery")
        send = post_sender(server.port, reference.publish_path, reference.event)
        streams = Streams(server.port)
        figure = delivery_figure(figures, DELIVERY)
        measure_growing_delivery(report, server, streams, reference.stream, send, name, figure, reference.most_streams)
        say(f"{name}: overload")
        streams.close(streams.all[OVERLOADED:])
        server.settle()
        measure_reference_overload(figures, name, streams, send)
        streams.close()
        if reference.numbered is not None:
            say(f"{name}: POST → stream")
            measure_wake(figures, reference, reference.numbered)


def measure_wake(figures: Figures, reference: Reference, requests: Iterator[bytes]) -> None:
    """What the machine takes to wake one process and a client, which no figure of a latency can be below."""
    streams = Streams(reference.server.port, EVENT_MARK, keeps=True)
    streams.open([reference.stream])
    posts = Posts(reference.server.port, requests)
    latency.measure_post_latency(figures, reference.name, OWN_STREAM, latency.NO_LIMITS, posts, streams)
    posts.close()
    streams.close()


def measure_stock_storm(folder: Path, report: Report) -> None:
    """What stock django-eventstream does with its storage when a thousand come back."""
    database = folder / "stock.sqlite3"
    command = [sys.executable, "-m", "bench.stock", str(THOUSAND), str(MISSED)]
    subprocess.run(command, cwd=ROOT, env=stock_environment(database), check=True)
    server = stock_server(folder, database)
    requests = [
        get_stream(f"/events/{channel}/", resume_from(channel, 0))
        for channel in (f"stock-{number}" for number in range(THOUSAND))
    ]
    with running(server):
        measure_storm(storm_figure(report.figures), server, "stock", requests, STORM_SECONDS)


def measure_plain(folder: Path, report: Report) -> None:
    """What a plain Django project takes for a POST that writes a message and two events, and publishes both."""
    folder.mkdir()
    valkey, names = Valkey(folder), [f"live-{number}" for number in range(THOUSAND)]
    environment = plain_environment(folder, valkey.url)
    command = [sys.executable, "-m", "bench.reference.project", *names]
    made = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    login = made.stdout.strip()
    server = plain_server(folder, environment)
    try:
        valkey.start()
        with running(server):
            posts = Posts(server.port, latency.agent_replies(names, login))
            repeat(partial(latency.measure_answers, report.figures, "plain", ANSWER, posts))
            for label in (MESSAGES, REPLIES):
                repeat(partial(latency.measure_acceptance, report.figures, "plain", label, None, posts))
            posts.close()
    finally:
        valkey.kill()
