"""A lock that is held, a process that is stopped with one, a database that does not answer."""

import contextlib
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from harness.clients import expect
from harness.programs import HOST, wait_until
from harness.sideways import FORWARDED, BrowserAgent, Site, Worker
from tests.sideways.posting import Answers, customer_of, posting

FREED_SECONDS = 25.0  # of which the server waits 5 before it ends the transaction of a process that was stopped
POSTS_MEANWHILE = 10


@pytest.mark.parametrize("server", [0, 1], ids=["daphne", "uvicorn"])
def test_one_locked_row_keeps_nobody_else_waiting(site: Site, server: int) -> None:
    """Its customer posts over more connections than the process has threads for writing."""
    worker = site.chatbots[server]
    with ExitStack() as stack:
        locked, other = (stack.enter_context(customer_of(worker)) for _ in range(2))
        stack.enter_context(site.postgresql.locked_row("chatbot_chatsession", "name", locked.session_name))
        posters = stack.enter_context(posting(locked, 6))
        wait_until("the row is waited for", lambda: bool(site.postgresql.backends("wait_event_type = 'Lock'")))
        meanwhile = Answers(other)
        while not all(poster.statuses for poster in posters) or len(meanwhile.statuses) < POSTS_MEANWHILE:
            assert meanwhile.post() == 201
        assert worker.is_ready()
        assert meanwhile.median_seconds < 1
        refused = [each for poster in posters for each in poster.statuses]
        assert set(refused) == {503}
        assert sum(poster.without_advice for poster in posters) == 0
        assert statistics.median(poster.median_seconds for poster in posters) < 3
    with customer_of(worker) as after:
        assert after.post("hello").status_code == 201


def test_one_locked_counter_of_an_agent_keeps_nobody_else_waiting(site: Site, agent: BrowserAgent) -> None:
    """All of the agent's customers write to it: more of them than their process has threads for writing."""
    worker = site.chatbots[0]
    with ExitStack() as stack:
        other, *served = (stack.enter_context(customer_of(worker)) for _ in range(9))
        for customer in served:
            expect(202, customer.escalate())
            expect(200, agent.take_over(customer.session_name))
        stack.enter_context(site.postgresql.locked_row("realtime_channelhead", "channel", "sse_agent_alice"))
        posters = [stack.enter_context(posting(customer, 1))[0] for customer in served]
        wait_until("each has been refused once", lambda: all(poster.statuses for poster in posters), 20)
        meanwhile = Answers(other)
        for _ in range(POSTS_MEANWHILE):
            assert meanwhile.post() == 201
        assert meanwhile.median_seconds < 0.5
        assert {status for poster in posters for status in poster.statuses} == {503}
        assert sum(poster.without_advice for poster in posters) == 0
    with customer_of(worker) as after:
        assert after.post("hello").status_code == 201


@contextlib.contextmanager
def frozen(site: Site, channel: str, act: Callable[[], object]) -> Iterator[None]:
    """Stop the workbench in a transaction of `act` that has just got this channel's counter, and holds it."""
    with ExitStack() as stack:
        wait_until("the workbench is stopped at that moment", lambda: _freeze_once(site, channel, act, stack), 60)
        yield


def _freeze_once(site: Site, channel: str, act: Callable[[], object], stack: ExitStack) -> bool:
    """Whether it was; its lock is not waited for very long."""
    acting = threading.Thread(target=act)
    with site.postgresql.locked_row("realtime_channelhead", "channel", channel):
        acting.start()
        wait_until("the counter is waited for", lambda: bool(site.postgresql.backends("wait_event_type = 'Lock'")))
        backends = site.postgresql.backends("wait_event_type = 'Lock'")
        for worker in site.workbenches:
            worker.send_signal(signal.SIGSTOP)
    with ExitStack() as thawing:
        thawing.callback(acting.join)
        for worker in site.workbenches:
            thawing.callback(worker.send_signal, signal.SIGCONT)
        theirs = f"pid = ANY(ARRAY{backends}::int[])"
        wait_until(
            "none waits any longer",
            lambda: not site.postgresql.backends(f"{theirs} AND state = 'active'"),
        )
        is_stopped = bool(site.postgresql.backends(f"{theirs} AND state = 'idle in transaction'"))
        if is_stopped:
            stack.enter_context(thawing.pop_all())
        return is_stopped


@pytest.mark.parametrize(
    ("channel", "verb"), [("sse_agent_alice", "messages"), ("sse_broadcast", "release")], ids=["session", "broadcast"]
)
def test_a_workbench_that_is_stopped_with_locks_stops_nobody(
    site: Site, agent: BrowserAgent, channel: str, verb: str
) -> None:
    """The server ends its transaction; when it goes on, it has lost a connection and nothing else."""
    with ExitStack() as stack:
        live, other, waiting = (stack.enter_context(customer_of(site.chatbots[0])) for _ in range(3))
        expect(202, live.escalate())
        expect(200, agent.take_over(live.session_name))
        expect(201, agent.reply(live.session_name, "Alice here"))

        def act() -> None:
            with contextlib.suppress(httpx.TransportError):
                if verb == "release":
                    agent.call(live.session_name, "takeover", from_bot=True)  # for the next try, it is released again
                    agent.release(live.session_name)
                else:
                    agent.reply(live.session_name, "hello")

        with frozen(site, channel, act):
            meanwhile, affected = Answers(other), Answers(live)
            for _ in range(POSTS_MEANWHILE):
                assert meanwhile.post() == 201
            assert meanwhile.median_seconds < 1
            expect(202, waiting.escalate())
            wait_until("its customer is served, too", lambda: affected.post() in (200, 201), FREED_SECONDS)
            assert set(affected.statuses) <= {201, 503}
            assert affected.without_advice == 0
        wait_until("the workbench answers", lambda: all(worker.is_ready() for worker in site.workbenches), 30)
        expect(200, agent.take_over(waiting.session_name))
        expect(201, agent.reply(waiting.session_name, "Alice is back"))


# So that all threads of the process have a connection. One that has none is refused by the pool, and is free again:
# then the database is not `busy`, but `unavailable`.
WARM_UP_ROUNDS = 5


@pytest.mark.parametrize("server", [0, 1], ids=["daphne", "uvicorn"])
def test_a_process_ends_in_time_though_the_database_does_not_answer(site: Site, server: int) -> None:
    worker = site.chatbots[server]
    with ExitStack() as stack:
        customers = [stack.enter_context(customer_of(worker)) for _ in range(6)]
        for _ in range(WARM_UP_ROUNDS):
            for thread in posting_at_once([Answers(customer) for customer in customers]):
                thread.join()
        site.postgresql.pause()
        stack.callback(site.postgresql.resume)
        answers = [Answers(customer) for customer in customers]
        for thread in posting_at_once(answers):
            stack.callback(thread.join)
        wait_until("the first are refused", lambda: any(poster.statuses == [503] for poster in answers), 20)
        wait_until("it says that it is busy", lambda: readiness(worker) == (503, "busy"), 20)
        worker.send_signal(signal.SIGTERM)
        began = time.monotonic()
        worker.wait()
        assert time.monotonic() - began < 8 + 4  # of a busy machine


def posting_at_once(posters: list[Answers]) -> list[threading.Thread]:
    """A thread for each, which posts once."""

    def post(poster: Answers) -> None:
        with contextlib.suppress(httpx.TransportError):  # begun, and then cut off
            poster.post()

    threads = [threading.Thread(target=post, args=(poster,)) for poster in posters]
    for thread in threads:
        thread.start()
    return threads


def readiness(worker: Worker) -> tuple[int, str]:
    answer = httpx.get(f"http://{HOST}:{worker.port}/readyz", headers=FORWARDED, timeout=10)
    return answer.status_code, str(answer.json().get("database"))
