"""Customers, agents and a program that write while clients read: the load under which a fault is caused."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass

from harness.clients import AgentClient, CustomerClient, cookies_of, expect
from harness.services import Product, make_environment
from tests.faults.calls import Caller
from tests.faults.ledgers import Verdict, compare, read_ends, read_log
from tests.faults.probes import probe_database, probe_service
from tests.faults.publisher import Orders
from tests.faults.publishing import publish_until
from tests.faults.readers import Reader
from tests.faults.receipts import check_receipts, fetch_receipts
from tests.faults.stream import StreamClient
from tests.faults.writers import Ledger, Writer, short_text

SESSIONS = 4
CALLS_PER_SECOND = 50.0
WARM_UP = 20  # posts and calls each that were accepted before the fault
CALM_SECONDS = 0.5  # goes on after the fault, so that recovery happens under load
CATCH_UP_SECONDS = 20.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is sent while a fault lasts, and to how many."""

    events: int = 1_000
    clients: int = 20


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
        self.text_for = short_text  # a fault that needs large texts replaces it
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
                for name in ("customer", "agent"):
                    writers.create_task(self._take_part(session, name))
            writers.create_task(publish_until(self._is_over, self._orders(), self.environment, self.ledger))
            for service in self.product.services:
                writers.create_task(probe_service(self._is_over, service.url, self.ledger))
            writers.create_task(probe_database(self._is_over, self.product.database, self.ledger))
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
                    ends = await asyncio.to_thread(read_ends, self.product.database)
                    if all(
                        reached >= ends.get(channel, 0)
                        for client in self.clients
                        for channel, reached in client.reached.items()
                    ):
                        return
                    await asyncio.sleep(0.1)

    def judge(self) -> Verdict:
        """Compare what was accepted, logged, applied and shown."""
        log = read_log(self.product.database)
        verdict = compare(log, self.ledger.posts, self.ledger.calls, self.clients)
        check_receipts(verdict, log, self.ledger.receipts, fetch_receipts(self.sessions, self._alice), self.clients)
        return verdict

    # Writers

    async def _take_part(self, session: CustomerClient, name: str) -> None:
        """One who writes and reads, at the same time."""
        with closing(self._caller(session, name)) as writing, closing(self._caller(session, name)) as reading:
            async with asyncio.TaskGroup() as both:
                writer = Writer(session, name, self.ledger, self.seed, lambda turn: self.text_for(turn))
                both.create_task(writer.write_until(self._is_over, writing))
                both.create_task(Reader(session, name, self.ledger, self.seed).confirm_until(self._is_over, reading))

    def _caller(self, session: CustomerClient, name: str) -> Caller:
        if name == "customer":
            return Caller(session.url, {"Authorization": f"Bearer {session.token}"})
        agent = self._alice.http
        return Caller(self._alice.url, {"X-CSRFToken": agent.cookies["csrftoken"], **cookies_of(agent)})

    def _orders(self) -> Orders:
        channels = [f"sse_session_{session.session_name}" for session in self.sessions]
        return Orders([*channels, "sse_agent_alice", "sse_broadcast"], self.seed, per_second=CALLS_PER_SECOND)
