"""From a request in one service to the byte in a stream of another, and how many requests a service takes."""

import itertools
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence

from bench.figures import Figure, Figures, percentile
from bench.posts import Posts
from bench.streams import NotInTime, Streams
from bench.wire import Redis, envelope, post

MESSAGES_A_SECOND = 100
RUN_SECONDS = 3.0
PUBLISH_SECONDS = 4.0  # 400 events: of 200 the p99 is the third that was slowest
LATENCY_CONNECTIONS = 20
FULL_RATE_CONNECTIONS = 32
FULL_RATE_SECONDS = 1.5
STEP_SECONDS = 0.002
LATE_SECONDS = 0.003  # a timer is up to 1 ms late
MESSAGE_MARK = b"event: new_message"
NUMBER = re.compile(rb'"(?:content|text)": ?"n(\d+)"')


class Doubled(Exception):
    """An event came more than once."""


Limits = tuple[float | None, float | None]  # of p50 and p99, in ms
NO_LIMITS: Limits = (None, None)
Requests = Iterator[bytes]
HeadersOf = Callable[[str], Sequence[str]]
SendNext = Callable[[int], float]  # makes and sends the n-th event; returns when (perf_counter) it sent it


def agent_replies(names: Sequence[str], login: str) -> Requests:
    """Replies of a logged-in agent to session after session; the n-th says "n<n>"."""
    csrf = secrets.token_hex(16)
    headers = (f"Cookie: sessionid={login}; csrftoken={csrf}", f"X-CSRFToken: {csrf}")
    return _messages(names, lambda name: headers)


def customer_messages(names: Sequence[str]) -> Requests:
    """Messages of the customers of session after session; the n-th says "n<n>"."""
    return _messages(names, lambda name: (f"Authorization: Bearer {name}",))


def measure_post_latency(
    figures: Figures, name: str, label: str, limits: Limits, posts: Posts, streams: Streams
) -> None:
    """Record p50 and p99 from the POST to the stream, in ms, of 300 messages at 100 a second."""
    posts.connect(LATENCY_CONNECTIONS - posts.idle)

    def send(number: int) -> float:
        while not posts.idle:
            posts.read(STEP_SECONDS)
        return posts.send()

    delays = _delays(streams, send, RUN_SECONDS, lambda: posts.read(0))
    record_percentiles(figures, name, label, limits, delays)


def measure_answers(figures: Figures, name: str, label: str, posts: Posts) -> None:
    """Record p50 and p99 from the POST to its answer, in ms, of one message after the other: none waits for another."""
    posts.connect(1 - posts.idle)
    posts.seconds.clear()
    deadline = time.perf_counter() + RUN_SECONDS
    while time.perf_counter() < deadline:
        posts.send()
        posts.finish()
        time.sleep(1 / MESSAGES_A_SECOND)
    record_percentiles(figures, name, label, NO_LIMITS, posts.seconds)


def measure_publish_latency(figures: Figures, name: str, streams: Streams, redis: Redis, names: Sequence[str]) -> None:
    """The relay's own part: p50 and p99 from a foreign PUBLISH to the stream."""

    def send(number: int) -> float:
        message = f"sse:session:{names[number * 7919 % len(names)]}", envelope(f"n{number}")
        sent_at = time.perf_counter()
        redis.publish([message])
        return sent_at

    delays = _delays(streams, send, PUBLISH_SECONDS, lambda: None)
    record_percentiles(figures, name, "PUBLISH → stream", (0.8, 2), delays)


def measure_acceptance(figures: Figures, name: str, label: str, target: float | None, posts: Posts) -> None:
    """Messages a second that a service answers with 201, every connection busy; other answers make the run fail."""
    figure = figures.of(label, "/s", target, at_least=True)
    posts.connect(FULL_RATE_CONNECTIONS - posts.idle)
    posts.statuses.clear()
    rate = posts.run(FULL_RATE_SECONDS)
    if set(posts.statuses) == {201}:
        figure.record(name, rate)
    else:
        figure.fail(name, f"answers {sorted(posts.statuses)}")


def _messages(names: Sequence[str], headers_of: HeadersOf) -> Requests:
    run = secrets.token_hex(4)
    for number in itertools.count():
        name = names[number * 7919 % len(names)]  # not in the order in which the streams were opened
        body = {"content": f"n{number}", "client_id": f"{run}-{number}"}
        yield post(f"/api/sessions/{name}/messages", body, *headers_of(name))


def _delays(streams: Streams, send: SendNext, seconds: float, meanwhile: Callable[[], None]) -> list[float]:
    """Send MESSAGES_A_SECOND; return the seconds until each event arrived. Raises NotInTime if one did not.

    What could not be sent when it was due, because the one before it stood still, has waited since then.
    """
    for stream in streams.all:
        assert stream.chunks is not None
        stream.chunks.clear()
    sent: list[float] = []
    before, started = streams.delivered, time.perf_counter()
    while (now := time.perf_counter()) < started + seconds:
        due = started + len(sent) / MESSAGES_A_SECOND
        if now >= due:
            meanwhile()
            sent_at = send(len(sent))
            sent.append(due if sent_at - due > LATE_SECONDS else sent_at)
        else:
            streams.read_once(due - now)  # no wake-up more: a service runs on this core, too
    deadline = time.perf_counter() + 5
    while streams.delivered < before + len(sent):
        if time.perf_counter() > deadline:
            raise NotInTime(f"{before + len(sent) - streams.delivered} of {len(sent)} events are missing")
        meanwhile()
        streams.read_once(STEP_SECONDS)
    return _match(streams, sent)


def _match(streams: Streams, sent: Sequence[float]) -> list[float]:
    arrivals = [arrival for stream in streams.all for arrival in stream.chunks or ()]
    numbers = [(int(number), at) for at, data in arrivals for number in NUMBER.findall(data)]
    arrived = dict(numbers)
    if len(arrived) != len(numbers):
        raise Doubled(f"{len(numbers) - len(arrived)} events came twice")
    first = min(arrived)  # what makes the requests goes on counting over several runs
    return [at - sent[number - first] for number, at in arrived.items()]


def percentile_figures(figures: Figures, label: str, limits: Limits = NO_LIMITS) -> tuple[Figure, Figure]:
    """The figures of p50 and p99."""
    half, most = (
        figures.of(f"{label}, p{percent}", "ms", limit) for percent, limit in zip((50, 99), limits, strict=True)
    )
    return half, most


def record_percentiles(figures: Figures, name: str, label: str, limits: Limits, delays: Sequence[float]) -> None:
    """Record p50 and p99 of delays in seconds."""
    half, most = percentile_figures(figures, label, limits)
    half.record(name, 1_000 * percentile(delays, 50))
    most.record(name, 1_000 * percentile(delays, 99))
