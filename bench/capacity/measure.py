"""The real run: as many customers online as fit on one chatbot process, beside what the model predicts for them.

Conversations go four times as fast as in the model, so that a core has something to do. Calls come at random moments,
whether earlier ones have been answered or not.
"""

import itertools
import random
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bench.capacity.conversations import Conversations
from bench.capacity.costs import Costs
from bench.capacity.model import Assumptions, Load, load_of
from bench.capacity.site import PARTS, Bed, run_bed
from bench.capacity.sizing import Plan, plan_with
from bench.figures import percentile
from bench.posts import Posts
from bench.streams import Stream, Streams
from bench.wire import get_stream, post, session_stream

ONLINE, VISITING = 5_000, 100
FASTER = 4.0
SECONDS, SETTLE_SECONDS = 45.0, 5.0  # a connection that is idle for a minute is closed
CONNECTIONS = 16
MESSAGE, CHANGE = "message to the other's page", "change to every agent's page"
KINDS, PERCENTS = (MESSAGE, CHANGE), (50, 99)
ANY_EVENT = b"\ndata: {"
BY_AGENT = re.compile(rb'"role":"agent","content":"n(\d+) ')
BY_CUSTOMER = re.compile(rb'"role":"customer","content":"n(\d+) ')
REQUESTED = re.compile(rb'"type":"transfer_request","payload":\{"session_name":"([^"]+)"')

Row = tuple[str, str, float | None, float]  # what, unit, predicted, measured


def people() -> Assumptions:
    """Those of the model, in a hurry."""
    usual = Assumptions()
    return replace(
        usual,
        messages_a_minute=FASTER * usual.messages_a_minute,
        bot_minutes=usual.bot_minutes / FASTER,
        wait_minutes=usual.wait_minutes / FASTER,
        agent_minutes=usual.agent_minutes / FASTER,
    )


def compare(costs: Costs) -> list[Row]:
    """Measure, predict, and return what both say."""
    with run_bed() as bed:
        traffic = Traffic(bed, load_of(ONLINE, people()))
        measured = traffic.run()
    predicted = predict(plan_with(traffic.load, costs, 1, 1), costs)
    return [(what, unit, predicted.get(what), value) for (what, unit), value in measured.items()]


def predict(plan: Plan, costs: Costs) -> dict[str, float]:
    """The processor time, memory and deliveries of the sizing, which says nothing of delays."""
    memory = [costs.base_kib + streams * costs.stream_kib for streams in (plan.load.online, plan.load.agents)]
    return {
        "chatbot": 100 * plan.chatbot_busy,
        "workbench": 100 * plan.workbench_busy,
        "postgres": 100 * plan.postgres_cores,
        "valkey": 100 * plan.redis_busy,
        "chatbot memory": memory[0] / 1024,
        "workbench memory": memory[1] / 1024,
        "deliveries": plan.deliveries,
    }


@dataclass(slots=True)
class Kind:
    """Calls of one kind: how many a second, and the next one's bytes."""

    rate: float
    posts: Posts
    due: float = 0.0
    backlog: int = 0


class Traffic:
    """The customers and agents of one run."""

    def __init__(self, bed: Bed, load: Load) -> None:
        self._bed, self.load = bed, load
        self._random = random.Random(1)
        self._conversations = Conversations(bed, load, ONLINE, self._random)

    def run(self) -> dict[tuple[str, str], float]:
        """Open everything, go on for a while, and return what it cost; asserts that nothing was refused or lost."""
        bed = self._bed
        customers = Streams(bed.chatbot.port, mark=ANY_EVENT, keeps=True)
        agents = Streams(bed.workbench.port, mark=ANY_EVENT, keeps=True)
        requests = [session_stream(name) for name in self._conversations.online]
        for start in range(0, ONLINE - VISITING, 500):
            customers.open(requests[start : min(start + 500, ONLINE - VISITING)])
        logins = self._conversations.logins.values()
        agents.open([get_stream("/api/agent/events", f"Cookie: sessionid={key}") for key in logins])
        self._fill_queue()
        agents.read_for(SETTLE_SECONDS)
        self._conversations.sent.requests.clear()
        kinds = self._kinds()
        visits = Visits(bed.chatbot.port, requests[-VISITING:], self.load.visits)
        thread = threading.Thread(target=visits.run, daemon=True)
        thread.start()
        try:
            self._go_on(kinds, (customers, agents), SETTLE_SECONDS)
            used, own, delivered = bed.cpu_seconds(), time.process_time(), customers.delivered + agents.delivered
            answered, visited = [len(kind.posts.seconds) for kind in kinds], visits.count
            seconds = self._go_on(kinds, (customers, agents), SECONDS)
            spent = {part: after - used[part] for part, after in bed.cpu_seconds().items()}
            rates = [(len(k.posts.seconds) - before) / seconds for k, before in zip(kinds, answered, strict=True)]
            self._take_load(rates, (visits.count - visited) / seconds)
            print(f"the load itself: {100 * (time.process_time() - own) / seconds:.0f} % of a core")
        finally:
            visits.is_over.set()
            thread.join()
        assert not visits.error, visits.error
        answers = {status for kind in kinds for status in kind.posts.statuses}
        assert answers <= {200, 201, 202}, answers
        delays = self._delays(customers, agents)
        return {
            **{(part, "% of a core"): 100 * spent[part] / seconds for part in PARTS},
            ("chatbot memory", "MiB"): bed.chatbot.resident_kib() / 1024,
            ("workbench memory", "MiB"): bed.workbench.resident_kib() / 1024,
            ("deliveries", "/s"): (customers.delivered + agents.delivered - delivered) / seconds,
            **{
                (f"{kind}, p{percent}", "ms"): 1_000 * percentile(delays[kind], percent)
                for kind in KINDS
                for percent in PERCENTS
            },
        }

    def _take_load(self, rates: Sequence[float], visits: float) -> None:
        """Have the load say what was really called: chance decided how often."""
        names = ("messages", "replies", "bot_messages", "sessions")
        called = dict(zip(names, rates, strict=False))
        self.load = replace(self.load, **called, escalations=statistics.mean(rates[len(names) :]), visits=visits)

    # What they do

    def _kinds(self) -> list[Kind]:
        load, calls = self.load, self._conversations
        chatbot, workbench = self._bed.chatbot.port, self._bed.workbench.port
        wanted: list[tuple[float, int, Callable[[], bytes]]] = [
            (load.messages, chatbot, calls.message),
            (load.replies, workbench, calls.reply),
            (load.bot_messages, chatbot, calls.bot_message),
            (load.sessions, chatbot, lambda: post("/api/sessions", {})),
            (load.escalations, chatbot, calls.escalate),
            (load.escalations, workbench, calls.take_over),
            (load.escalations, workbench, calls.close),
        ]
        kinds = [Kind(rate, Posts(port, _repeat(make))) for rate, port, make in wanted]
        for kind in kinds:
            kind.posts.connect(CONNECTIONS)
        return kinds

    def _fill_queue(self) -> None:
        posts = Posts(self._bed.chatbot.port, _repeat(self._conversations.escalate))
        posts.connect(1)
        for _ in range(round(self.load.waiting)):
            posts.send()
            posts.finish()
        posts.close()

    def _go_on(self, kinds: list[Kind], streams: tuple[Streams, ...], seconds: float) -> float:
        """Send what is due and read what comes; return how long that took, to the last answer."""
        started = time.perf_counter()
        for kind in kinds:
            kind.due = started + self._random.expovariate(kind.rate)
        while (now := time.perf_counter()) < started + seconds:
            for kind in kinds:
                while kind.due <= now:
                    kind.backlog += 1
                    kind.due += self._random.expovariate(kind.rate)
                while kind.backlog and kind.posts.idle:
                    kind.backlog -= 1
                    kind.posts.send()
                kind.posts.read(0)
            for each in streams:
                each.read_once(0.0005)
        for kind in kinds:
            kind.posts.finish(partial(_read_all, streams))
        for each in streams:
            each.read_for(0.5)
        return time.perf_counter() - started

    def _delays(self, customers: Streams, agents: Streams) -> Mapping[str, list[float]]:
        """Of each message until the other one has it, and of each request for a human until the last agent has."""
        arrived: dict[int, float] = {}
        for streams, written in ((customers, BY_AGENT), (agents, BY_CUSTOMER)):
            for at, data in _chunks(streams.all):
                arrived.update((int(number), at) for number in written.findall(data))
        seen: dict[bytes, list[float]] = {}
        for at, data in _chunks(agents.all):
            for name in REQUESTED.findall(data):
                seen.setdefault(name, []).append(at)
        sent = self._conversations.sent
        assert len(arrived) >= 0.99 * len(sent.messages), f"{len(arrived)} of {len(sent.messages)} came"
        return {
            MESSAGE: [at - sent.messages[number] for number, at in arrived.items()],
            CHANGE: [at - begun for name, begun in sent.requests.items() for at in seen.get(name, ())],
        }


@dataclass(slots=True)
class Visits:
    """Customers who come and go, on a thread of their own: each opens a stream, reads the state, and leaves later."""

    port: int
    requests: list[bytes]
    rate: float
    is_over: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None
    count: int = 0

    def run(self) -> None:
        """Until `is_over`; what goes wrong is in `error`."""
        try:
            self._run()
        except Exception as error:  # noqa: BLE001  handed to who waits
            self.error = error

    def _run(self) -> None:
        streams = Streams(self.port)
        streams.open(self.requests)
        states = Posts(self.port, (_state_of(request) for request in itertools.cycle(self.requests)))
        states.connect(1)
        for request in itertools.cycle(self.requests):
            if self.is_over.wait(random.expovariate(self.rate)):
                break
            streams.close(streams.all[:1])
            streams.open([request])
            states.send()
            states.finish()
            self.count += 1
        streams.close()
        states.close()


def _state_of(stream_request: bytes) -> bytes:
    """The GET of the session whose stream is asked for."""
    return stream_request.replace(b"/events HTTP", b" HTTP", 1)


def _repeat(make: Callable[[], bytes]) -> Iterator[bytes]:
    while True:
        yield make()


def _read_all(streams: tuple[Streams, ...]) -> None:
    for each in streams:
        each.read_once(0)


def _chunks(streams: list[Stream]) -> Iterator[tuple[float, bytes]]:
    return (chunk for stream in streams for chunk in stream.chunks or ())
