"""The unit costs that `make bench` does not measure: what one action of each kind costs each of the four parts.

Over PostgreSQL, as in production, and at the moderate rates of a process that is not saturated: at 300/s a message
costs two thirds. What is spent without any action is measured by itself and taken off.
"""

import csv
import itertools
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import psycopg

from bench.capacity.site import PARTS, Bed, post_at_rate, read_for, run_bed
from bench.growth import AGENT
from bench.latency import agent_replies, customer_messages
from bench.posts import Posts
from bench.streams import HOST, READ_BYTES, Streams
from bench.wire import TEXT, Redis, envelope, get_stream, post, session_stream

RESULTS = Path(__file__).resolve().parent.parent / "results" / "capacity-units.csv"
MANY, AGENTS, BOT = 5_000, 500, 1_000
IDLE_SECONDS = 8.0
RUN_SECONDS = 5.0
COMMITS = 20  # a second, of somebody else
SLOW, SLOW_SECONDS = 1.6, 12.0  # changes a second, so that each is announced
CONNECTIONS = 8
PUBLISHES, TOGETHER = 20_000, 20
CALM, QUEUED = 40, 110  # sessions that come back from the queue, and that stay in it
FRAME = re.compile(rb"event: (\w+)\n(?:id: [^\n]*\n)?data: ([^\n]*)\n\n")

Row = tuple[str, tuple[float, ...]]


def measure_units() -> None:
    """Measure, print and write a row for each action: seconds of each part."""
    with run_bed() as bed, psycopg.connect(bed.site.environment["DATABASE_URL"], autocommit=True) as database:
        rows = []
        for name, seconds in Units(bed, database).measure():
            rows.append([name, *(f"{value:.9f}" for value in seconds)])
            shown = (f"{part} {1e6 * value:8.1f}" for part, value in zip(PARTS, seconds, strict=True))
            print(f"{name:38}", *shown, "µs", flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="") as file:
        csv.writer(file).writerows([["action", *PARTS], *rows])


class Units:
    """One measurement after the other on a bed that keeps running. The rows' names are those in costs.py."""

    def __init__(self, bed: Bed, database: psycopg.Connection) -> None:
        """`database` commits by itself."""
        self._bed, self._database = bed, database
        self._call = bed.site.backstage.call
        self._idle: tuple[float, ...] = (0.0,) * len(PARTS)
        self._live = [f"u-{number}" for number in range(MANY)]

    def measure(self) -> Iterator[Row]:
        """Everything."""
        self._call("create_sessions", names=self._live, assignee=AGENT)
        [login] = self._call("log_in", usernames=[AGENT])
        logins = self._call("log_in", usernames=[f"agent-{number}" for number in range(AGENTS)])
        print("base memory", self._memory(), "KiB")
        yield self._measure_idle("idle")
        yield from self._measure_publishing()
        yield from self._measure_posts(login)
        yield from self._measure_changes(login)
        yield from self._measure_streams(logins)
        self._print_bytes(login)

    def _memory(self) -> list[int]:
        return [self._bed.chatbot.resident_kib(), self._bed.workbench.resident_kib()]

    def _spend(self, act: Callable[[], int]) -> tuple[float, ...]:
        """Seconds of each part for one of the actions whose number `act` returns."""
        before, started = self._bed.cpu_seconds(), time.perf_counter()
        count = act()
        seconds = time.perf_counter() - started
        after = self._bed.cpu_seconds()
        return tuple(
            (after[part] - before[part] - idle * seconds) / count for part, idle in zip(PARTS, self._idle, strict=True)
        )

    def _measure_idle(self, name: str, *streams: Streams, wait: Callable[..., None] = read_for) -> Row:
        """Seconds a second without any action; taken off from here on."""
        self._idle = (0.0,) * len(PARTS)

        def spend_time() -> int:
            wait(streams, IDLE_SECONDS)
            return 1

        self._idle = tuple(seconds / IDLE_SECONDS for seconds in self._spend(spend_time))
        return name, self._idle

    def _commit_meanwhile(self, streams: Sequence[Streams], seconds: float) -> None:
        """Let the services see a commit at nearly every look, that changes nothing of theirs."""
        for _ in range(round(seconds * COMMITS)):
            self._database.execute("SELECT pg_current_xact_id()")
            read_for(streams, 1 / COMMITS)

    def _lease_announcements(self, days: int) -> None:
        """To somebody else for so long."""
        self._database.execute(
            "UPDATE realtime_lease SET until = now() + make_interval(days => %s) WHERE name = 'queue'", [days]
        )

    def _measure_publishing(self) -> Iterator[Row]:
        port = self._bed.site.valkey.port
        redis = Redis(port)
        for count in (0, 1, TOGETHER):
            readers = [_subscribe(port) for _ in range(count)]
            yield f"PUBLISH to {count}", self._spend(partial(_publish_to, redis, readers))
            for reader in readers:
                reader.close()
        redis.close()

    def _measure_posts(self, login: str) -> Iterator[Row]:
        chatbot, workbench = self._bed.chatbot.port, self._bed.workbench.port
        live, bot = self._live[:BOT], [f"b-{number}" for number in range(BOT)]
        self._call("create_sessions", names=bot)
        reads = _each(lambda n: get_stream(f"/api/sessions/{live[n]}", f"Authorization: Bearer {live[n]}"))
        for rate in (20, 300):  # what a busier process saves
            yield self._post(f"message to an agent at {rate}/s", chatbot, customer_messages(live), rate)
        yield self._post("message to an agent", chatbot, customer_messages(live), 100)
        yield self._post("message to the bot", chatbot, customer_messages(bot), 60)
        yield self._post("reply", workbench, agent_replies(live, login), 60)
        yield self._post("session made", chatbot, _each(lambda _: post("/api/sessions", {})), 60)
        yield self._post("state read", chatbot, reads, 60)

    def _measure_changes(self, login: str) -> Iterator[Row]:
        """Each announced, with and without a queue; announced by another process, slowly and fast; from the queue."""
        chatbot, workbench = self._bed.chatbot.port, self._bed.workbench.port
        names = [f"q-{number}" for number in range(CALM + 2 * QUEUED)]
        self._call("create_sessions", names=names)
        changes, queued = _changes(names[:CALM]), names[CALM:]
        yield self._post("escalated and cancelled, nobody waits", chatbot, changes, SLOW, SLOW_SECONDS)
        self._lease_announcements(1)
        yield self._post("escalated and cancelled, not its turn", chatbot, changes, SLOW, SLOW_SECONDS)
        yield self._post("escalated and cancelled at 20/s", chatbot, changes, 20)
        self._lease_announcements(0)
        yield self._post("escalated", chatbot, _each(lambda n: customer_post(queued[n], "escalate")), 20)
        yield self._post("escalated and cancelled, 100 wait", chatbot, changes, SLOW, SLOW_SECONDS)
        for name, verb in (("taken over", "takeover"), ("closed", "close")):
            yield self._post(name, workbench, _each(partial(_agent_call, queued, verb, login)), 15)

    def _post(self, name: str, port: int, requests: Iterator[bytes], rate: float, seconds: float = RUN_SECONDS) -> Row:
        posts = Posts(port, requests)
        posts.connect(CONNECTIONS if rate > CONNECTIONS else 1)
        spent = self._spend(lambda: post_at_rate(posts, rate, seconds))
        assert set(posts.statuses) <= {200, 201, 202}, f"{name}: {posts.statuses}"
        posts.close()
        return name, spent

    def _measure_streams(self, logins: Sequence[str]) -> Iterator[Row]:
        customers, agents = Streams(self._bed.chatbot.port), Streams(self._bed.workbench.port)
        memory = self._memory()
        yield "stream opened", self._spend(partial(_open, customers, [session_stream(name) for name in self._live]))
        requests = [get_stream("/api/agent/events", f"Cookie: sessionid={key}") for key in logins]
        yield "agent's stream opened", self._spend(partial(_open, agents, requests))
        grown = [after - before for after, before in zip(self._memory(), memory, strict=True)]
        print("grown by", grown, f"KiB with {MANY} streams and {AGENTS} of agents")
        busy = f"idle with streams, {COMMITS} commits/s elsewhere"
        yield self._measure_idle(busy, customers, agents, wait=self._commit_meanwhile)
        yield self._measure_idle("idle with streams", customers, agents)
        redis = Redis(self._bed.site.valkey.port)
        wires = [f"sse:session:{name}" for name in self._live]
        yield "session event at 400/s", self._spend(partial(_publish_at_rate, redis, customers, wires, 400))
        yield "broadcast event at 50/s", self._spend(partial(_publish_at_rate, redis, agents, ["sse:broadcast"], 50))
        redis.close()
        customers.close()
        agents.close()

    def _print_bytes(self, login: str) -> None:
        """The envelopes, and what the event has on a stream beside it, of one conversation."""
        name = "bytes-of-a-conversation"
        self._call("create_sessions", names=[name])
        streams = Streams(self._bed.workbench.port, keeps=True)
        streams.open([get_stream("/api/agent/events", f"Cookie: sessionid={login}")])
        posts = [Posts(self._bed.chatbot.port, _conversation_of(name))]
        posts.append(Posts(self._bed.workbench.port, iter([agent_post(name, "takeover", login)])))
        posts.append(Posts(self._bed.chatbot.port, iter([customer_post(name, "messages", _message())])))
        posts.append(Posts(self._bed.workbench.port, iter([agent_post(name, "messages", login, _message())])))
        for each in posts:
            each.connect(1)
            each.send()
            each.finish()
        streams.read_for(1.5)
        for event, data in FRAME.findall(streams.all[0].content()):
            print("bytes", event.decode(), len(data))
        streams.close()


def customer_post(name: str, verb: str, body: object = None) -> bytes:
    """A customer's call; sessions here have their name as their token."""
    return post(f"/api/sessions/{name}/{verb}", body or {}, f"Authorization: Bearer {name}")


def agent_post(name: str, verb: str, login: str, body: object = None) -> bytes:
    """An agent's call."""
    csrf = secrets.token_hex(16)
    headers = (f"Cookie: sessionid={login}; csrftoken={csrf}", f"X-CSRFToken: {csrf}")
    return post(f"/api/sessions/{name}/{verb}", body or {}, *headers)


def _agent_call(names: Sequence[str], verb: str, login: str, number: int) -> bytes:
    return agent_post(names[number], verb, login)


def _changes(names: Sequence[str]) -> Iterator[bytes]:
    """Each in turn into the queue and out of it."""
    verbs = ("escalate", "cancel-escalation")
    return (customer_post(name, verb) for name in itertools.cycle(names) for verb in verbs)


def _conversation_of(name: str) -> Iterator[bytes]:
    yield customer_post(name, "escalate")


def _message() -> dict[str, str]:
    return {"content": TEXT, "client_id": secrets.token_hex(16)}


def _each(make: Callable[[int], bytes]) -> Iterator[bytes]:
    return (make(number) for number in itertools.count())


def _subscribe(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port))
    connection.sendall(b"SUBSCRIBE bench\r\n")
    connection.recv(READ_BYTES)
    return connection


def _publish_to(redis: Redis, readers: Sequence[socket.socket]) -> int:
    for _ in range(PUBLISHES // TOGETHER):
        redis.publish([("bench", envelope())] * TOGETHER)
        for reader in readers:
            reader.recv(READ_BYTES)
    return PUBLISHES


def _publish_at_rate(redis: Redis, streams: Streams, wires: Sequence[str], rate: int) -> int:
    started, sent = time.perf_counter(), 0
    while (now := time.perf_counter()) < started + RUN_SECONDS:
        for number in range(sent, int((now - started) * rate)):
            redis.publish([(wires[number * 7919 % len(wires)], envelope())])
            sent += 1
        streams.read_once(0.002)
    streams.read_for(0.2)
    return sent


def _open(streams: Streams, requests: Sequence[bytes]) -> int:
    for start in range(0, len(requests), 250):
        streams.open(requests[start : start + 250])
    return len(requests)
