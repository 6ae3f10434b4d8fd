"""Processes and a Redis shard are killed under load; nothing is lost, doubled or out of order."""

import secrets
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

import httpx

from harness.clients import CustomerClient, Stream, expect
from harness.programs import wait_until
from harness.sideways import BrowserAgent, Site

LIVE_SESSIONS = 4
BOT_SESSIONS = 2
PAUSE_SECONDS = 0.02
ACCEPT_SECONDS = 20.0
# The lease of a bot's turn is 10 s: an answer that a killed process owed comes after that.
CATCH_UP_SECONDS = 25.0
MESSAGES_BETWEEN_FAULTS = 100


@dataclass
class Writer:
    """Somebody who writes numbered messages, one after the other, each again until it is accepted."""

    customer: CustomerClient
    agent: BrowserAgent | None = None  # who writes, if it is not the customer
    accepted: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def write(self, ending: threading.Event) -> None:
        while not ending.is_set():
            client_id = f"{len(self.accepted):04}-{secrets.token_hex(4)}"
            if not self._post_until_accepted(client_id):
                return
            self.accepted.append(client_id)
            ending.wait(PAUSE_SECONDS)

    def _post_until_accepted(self, client_id: str) -> bool:
        deadline = time.monotonic() + ACCEPT_SECONDS
        status = 0
        while time.monotonic() < deadline:
            try:
                status = self._post(client_id)
            except httpx.TransportError:
                continue
            if status in (200, 201):
                return True
            if status != 503:
                break
            time.sleep(PAUSE_SECONDS)  # as long as Retry-After at most
        self.errors.append(f"{client_id}: {status}")
        return False

    def _post(self, client_id: str) -> int:
        if self.agent is not None:
            return self.agent.reply(self.customer.session_name, client_id, client_id).status_code
        return self.customer.post(client_id, client_id).status_code


def test_kills_under_load_lose_double_and_misorder_nothing(site: Site, agent: BrowserAgent) -> None:
    """One process of each service and one shard; the clients resume with their positions through nginx."""
    with ExitStack() as stack:
        customers = [
            stack.enter_context(CustomerClient(site.nginx.url("chatbot"))) for _ in range(LIVE_SESSIONS + BOT_SESSIONS)
        ]
        for customer in customers:
            customer.create_session()
        live, with_bot = customers[:LIVE_SESSIONS], customers[LIVE_SESSIONS:]
        for customer in live:
            expect(202, customer.escalate())
            expect(200, agent.take_over(customer.session_name))
        pages = {each.session_name: stack.enter_context(each.open_stream()) for each in customers}
        workbench = stack.enter_context(agent.open_stream())
        writers = [Writer(each) for each in customers] + [Writer(each, agent) for each in live]
        _write_through_faults(site, writers)
        _check(writers, pages, workbench, live, with_bot)


def _write_through_faults(site: Site, writers: list[Writer]) -> None:
    ending = threading.Event()
    threads = [threading.Thread(target=writer.write, args=(ending,)) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        for victim in (site.chatbots[0], site.workbenches[1], site.shards[0]):
            _wait_for_accepted(writers, MESSAGES_BETWEEN_FAULTS)
            victim.kill()
        _wait_for_accepted(writers, MESSAGES_BETWEEN_FAULTS)
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def _wait_for_accepted(writers: list[Writer], more: int) -> None:
    """Wait until so many more messages have been accepted, and at least one more of each writer."""
    before = [len(writer.accepted) for writer in writers]

    def enough() -> bool:
        grown = [len(writer.accepted) - count for writer, count in zip(writers, before, strict=True)]
        return min(grown) > 0 and sum(grown) >= more

    wait_until("messages are accepted", enough, ACCEPT_SECONDS)


def _check(
    writers: list[Writer],
    pages: dict[str, Stream],
    workbench: Stream,
    live: list[CustomerClient],
    with_bot: list[CustomerClient],
) -> None:
    assert [writer.errors for writer in writers if writer.errors] == []
    for writer in writers:
        name, role = writer.customer.session_name, "agent" if writer.agent else "customer"
        page = pages[name]
        _wait_for_count(page, name, role, len(writer.accepted))
        assert _client_ids(page, name, role) == writer.accepted
    for customer in with_bot:
        name = customer.session_name
        owed = len(_client_ids(pages[name], name, "customer"))
        _wait_for_count(pages[name], name, "bot", owed)
        answers = _client_ids(pages[name], name, "bot")
        assert len(set(answers)) == len(answers) == owed
    for customer in live:
        name = customer.session_name
        for role in ("customer", "agent"):
            _wait_for_count(workbench, name, role, len(_client_ids(pages[name], name, role)))
            assert _client_ids(workbench, name, role) == _client_ids(pages[name], name, role)
    assert any(len(page.statuses) > 1 for page in pages.values()), "no stream was on the process that was killed"
    for stream in (*pages.values(), workbench):
        assert stream.received("reset") == []


def _wait_for_count(stream: Stream, session_name: str, role: str, count: int) -> None:
    wait_until(
        f"{count} messages of the {role} in {session_name}",
        lambda: len(_client_ids(stream, session_name, role)) >= count,
        CATCH_UP_SECONDS,
    )


def _client_ids(stream: Stream, session_name: str, role: str) -> list[str]:
    """The messages of one role, as they came: what was delivered twice is there twice."""
    payloads = [event.payload for event in stream.received("new_message")]
    return [each["client_id"] for each in payloads if (each["session_name"], each["role"]) == (session_name, role)]
