"""Customers, agents and a program that write while clients read: the load under which a fault is caused."""

import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from harness.clients import AgentClient, CustomerClient, cookies_of, expect
from harness.programs import ROOT
from harness.services import Product, make_environment
from tests.faults.ledgers import AcceptedCall, AcceptedPost, Verdict, compare, read_log
from tests.faults.publisher import Orders
from tests.faults.stream import StreamClient

SESSIONS = 4
POSTS_PER_SECOND = 8.0  # of each writer; two for each session
CALLS_PER_SECOND = 50.0
WARM_UP = 20  # posts and calls each that were accepted before the fault
CALM_SECONDS = 0.5  # goes on after the fault, so that recovery happens under load
CATCH_UP_SECONDS = 20.0
RETRY_SECONDS = 0.1
PROBE_SECONDS = 0.05

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is sent while a fault lasts, and to how many."""

    events: int = 1_000
    clients: int = 20


@dataclass(frozen=True, slots=True)
class Timed:
    """Something that began at a moment and took so long."""

    at: float
    seconds: float


@dataclass
class Ledger:
    """What was accepted, how long that took, and which answers were none."""

    posts: list[AcceptedPost] = field(default_factory=list)
    calls: list[AcceptedCall] = field(default_factory=list)
    post_times: list[Timed] = field(default_factory=list)
    call_times: list[Timed] = field(default_factory=list)
    probe_times: list[Timed] = field(default_factory=list)  # of a GET that needs neither database nor Redis
    pause_times: list[Timed] = field(default_factory=list)  # by how much the publisher overslept
    sent_at: dict[str, float] = field(default_factory=dict)  # mark: when its accepted call began
    answers: list[tuple[float, int]] = field(default_factory=list)  # when, status
    dropped: int = 0  # requests without an answer
    cut: list[str] = field(default_factory=list)  # of these, such as had reached the server
    written_though_refused: int = 0
    refusals_without_advice: int = 0


class Load:
    """The load on one product; `async with` it, then `run` a fault under it."""

    def __init__(self, product: Product, alice: AgentClient, scale: Scale, seed: int) -> None:
        self.product = product
        self.scale = scale
        self.seed = seed
        self.chance = random.Random(seed)
        self.clients: list[StreamClient] = []
        self.ledger = Ledger()
        self.sessions: list[CustomerClient] = []
        self.began = self.ended = 0.0  # of the fault
        self.environment = make_environment(product.database, product.valkey.url)
        self._alice = alice
        self._is_over = asyncio.Event()

    async def __aenter__(self) -> "Load":
        await asyncio.to_thread(self._prepare_sessions)
        self.clients = [self._open_client(number) for number in range(self.scale.clients)]
        await asyncio.gather(*(client.wait_open() for client in self.clients))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.close() for client in self.clients))
        for session in self.sessions:
            session.http.close()

    def _prepare_sessions(self) -> None:
        """Sessions that an agent has taken over, so that no bot writes in between."""
        for _ in range(SESSIONS):
            customer = CustomerClient(self.product.chatbot.url)
            customer.create_session()
            expect(202, customer.escalate())
            expect(200, self._alice.take_over(customer.session_name))
            self.sessions.append(customer)

    def _open_client(self, number: int) -> StreamClient:
        """Three of five read a customer's stream, one an agent's, one a session's at the workbench."""
        session = self.sessions[number % SESSIONS]
        agent = cookies_of(self._alice.http)
        seed = self.seed + number
        if number % 5 == 3:
            return StreamClient(f"{self._alice.url}/api/agent/events", agent, seed=seed)
        if number % 5 == 4:
            return StreamClient(f"{self._alice.url}{session.path}/events", agent, seed=seed)
        token = {"Authorization": f"Bearer {session.token}"}
        return StreamClient(f"{session.url}{session.path}/events", token, seed=seed)

    # The run

    async def run(self, cause: Callable[["Load"], Awaitable[None]], progress: Progress = lambda _: None) -> None:
        """Write, cause the fault, write on until enough was sent; then wait until every client has everything."""
        async with asyncio.TaskGroup() as writers:
            for session in self.sessions:
                writers.create_task(self._write(session, "customer"))
                writers.create_task(self._write(session, "agent"))
            writers.create_task(self._run_publisher())
            for service in self.product.services:
                writers.create_task(self._probe(service.url))
            ticker = asyncio.create_task(self._show(progress))
            try:
                await self._wait_for(lambda: len(self.ledger.posts) >= WARM_UP and len(self.ledger.calls) >= WARM_UP)
                await cause(self)
                await asyncio.sleep(CALM_SECONDS)
                await self._wait_for(lambda: self.events >= self.scale.events)
            finally:
                self._is_over.set()
                ticker.cancel()
        for client in self.clients:
            client.drops_every_seconds = None
            client.go_on_reading()
        await self._wait_until_caught_up()

    def begin(self) -> None:
        """The fault begins."""
        self.began = time.monotonic()

    def end(self) -> None:
        """What was broken works again."""
        self.ended = time.monotonic()

    @property
    def events(self) -> int:
        """How many events were accepted; each post is one in its session's channel and one in its agent's."""
        return 2 * len(self.ledger.posts) + len(self.ledger.calls)

    async def _wait_for(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60 + self.scale.events / 20):
            while not condition():
                await asyncio.sleep(0.02)

    async def _show(self, progress: Progress) -> None:
        while True:
            progress(f"{self.events}/{self.scale.events} events, {self.ledger.dropped} requests repeated")
            await asyncio.sleep(0.5)

    async def _wait_until_caught_up(self) -> None:
        """Wait until every client has reached the end of its channels' logs, or the time is up: then some is lost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS):
                while True:
                    log = await asyncio.to_thread(read_log, self.product.database)
                    ends = {channel: max(events) for channel, events in log.items()}
                    if all(
                        reached >= ends.get(channel, 0)
                        for client in self.clients
                        for channel, reached in client.reached.items()
                    ):
                        return
                    await asyncio.sleep(0.1)

    def judge(self) -> Verdict:
        """Compare what was accepted, logged and applied."""
        return compare(read_log(self.product.database), self.ledger.posts, self.ledger.calls, self.clients)

    # Writers

    async def _write(self, session: CustomerClient, writer: str) -> None:
        """Write messages one after the other, each again under its client_id until it is accepted."""
        chance = random.Random(f"{self.seed} {session.session_name} {writer}")
        async with self._http(writer) as http:
            for turn in range(1_000_000):
                if self._is_over.is_set():
                    return
                await asyncio.sleep(chance.uniform(0.5, 1.5) / POSTS_PER_SECOND)
                await self._post_until_accepted(http, session, writer, turn, chance)

    def _http(self, writer: str) -> httpx.AsyncClient:
        if writer == "customer":
            return httpx.AsyncClient(base_url=self.product.chatbot.url, timeout=30)
        agent = self._alice.http
        headers = {"X-CSRFToken": agent.cookies["csrftoken"], **cookies_of(agent)}
        return httpx.AsyncClient(base_url=self._alice.url, headers=headers, timeout=30)

    async def _post_until_accepted(
        self, http: httpx.AsyncClient, session: CustomerClient, writer: str, turn: int, chance: random.Random
    ) -> None:
        mark = f"{writer}-{turn}-{chance.randrange(10**9)}"
        content = f"{mark} {self.text_for(turn)}"
        headers = {"Authorization": f"Bearer {session.token}"} if writer == "customer" else {}
        may_be_written = False
        while True:
            started = time.monotonic()
            if not may_be_written:
                self.ledger.sent_at[mark] = started
            try:
                answer = await http.post(
                    f"{session.path}/messages", json={"content": content, "client_id": mark}, headers=headers
                )
            except httpx.TransportError as error:
                self.ledger.dropped += 1
                if not isinstance(error, httpx.ConnectError):
                    may_be_written = True
                    self.ledger.cut.append(type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self.ledger.answers.append((started, answer.status_code))
            self.ledger.post_times.append(Timed(started, time.monotonic() - started))
            if answer.is_success:
                self._accept(answer, session, writer, turn, content, may_be_written)
                return
            assert answer.status_code == 503, f"{answer.status_code} {answer.text}"
            self.ledger.refusals_without_advice += "Retry-After" not in answer.headers
            await asyncio.sleep(RETRY_SECONDS)

    def _accept(
        self,
        answer: httpx.Response,
        session: CustomerClient,
        writer: str,
        turn: int,
        content: str,
        may_be_written: bool,
    ) -> None:
        """Note an accepted message. 200 says that it had been written: by an attempt that had no answer, or wrongly."""
        if answer.status_code == 200 and not may_be_written:
            self.ledger.written_though_refused += 1
        self.ledger.posts.append(AcceptedPost(session.session_name, writer, turn, answer.json()["id"], content))

    def text_for(self, turn: int) -> str:
        """What a message says beyond its mark; a fault that needs large ones replaces it."""
        return "…" * (turn % 40)

    async def _probe(self, url: str) -> None:
        """Measure how long anything takes: what the machine and the load cost without any fault."""
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            while not self._is_over.is_set():
                started = time.monotonic()
                with contextlib.suppress(httpx.TransportError):
                    await http.get("/healthz")
                    self.ledger.probe_times.append(Timed(started, time.monotonic() - started))
                await asyncio.sleep(PROBE_SECONDS)

    async def _run_publisher(self) -> None:
        """A process of its own that sends through the Python API until the load is over."""
        channels = [f"sse_session_{session.session_name}" for session in self.sessions]
        orders = Orders([*channels, "sse_agent_alice", "sse_broadcast"], self.seed, per_second=CALLS_PER_SECOND)
        async with running_publisher(orders, self.environment) as publisher:
            assert publisher.stdin is not None
            assert publisher.stdout is not None
            stopping = asyncio.create_task(self._close_when_over(publisher.stdin))
            async for line in publisher.stdout:
                self._take_call(json.loads(line))
            await stopping

    async def _close_when_over(self, stdin: asyncio.StreamWriter) -> None:
        await self._is_over.wait()
        stdin.close()

    def _take_call(self, told: dict[str, Any]) -> None:
        self.ledger.call_times.append(Timed(told["at"], told["seconds"]))
        self.ledger.pause_times.append(Timed(told["at"], told["overslept"]))
        if "refused" not in told:
            self.ledger.calls.append(AcceptedCall(told["channel"], told["number"], told["mark"]))
            self.ledger.sent_at[told["mark"]] = told["at"]


@contextlib.asynccontextmanager
async def running_publisher(orders: Orders, environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A publisher process, gone afterwards; AssertionError if it failed."""
    publisher = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.publisher", json.dumps(asdict(orders))),
        cwd=ROOT,
        env={**environment, "LOG_LEVEL": "ERROR"},  # that Redis comes and goes is no news here
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield publisher
        code = await asyncio.wait_for(publisher.wait(), 30)
        assert code == 0, f"the publisher ended with {code}"
    finally:
        if publisher.returncode is None:
            publisher.kill()
            await publisher.wait()
