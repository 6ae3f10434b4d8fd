"""A customer writes: the agent is told, not too often, and nothing is kept."""

import time
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from chatbot.conversations.credentials import Credentials, linked_key
from chatbot.conversations.typing_pace import FORGET_SECONDS, PAUSE_SECONDS, TypingPace
from chatbot.customers.access import _links_signer
from chatbot.customers.actions import tell_typing
from chatbot.customers.actions.tell_typing import Sign
from chatbot.models import ChatSession
from chatbot.tests.customer import Customer, error_code, make_session
from chatbot.tests.database import count_queries
from chatbot.web.digests import digest
from realtime.database import in_database


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The payloads of what is sent."""
    payloads: list[dict[str, Any]] = []
    monkeypatch.setattr(tell_typing, "_pace", TypingPace())
    monkeypatch.setattr(tell_typing, "send_many", lambda items: payloads.extend(event.payload for _, event in items))
    return payloads


async def write(customer: Customer, name: str, *, active: object = True) -> Any:
    return await customer.post(f"/api/sessions/{name}/typing", {"active": active})


async def test_it_is_told_once_in_a_while_and_its_end_at_once(customer: Customer, told: list[dict[str, Any]]) -> None:
    name = await customer.start()
    for active in (True, True, False, False):
        assert (await write(customer, name, active=active)).status_code == 204
    payload = {"session_name": name, "role": "customer"}
    assert told == [{**payload, "active": True}, {**payload, "active": False}]


async def test_a_stranger_does_not_write(customer: Customer, stranger: Customer, told: list[dict[str, Any]]) -> None:
    name = await customer.start()
    assert (await write(stranger, name)).status_code == 404
    assert told == []


async def test_it_is_true_or_false(customer: Customer, told: list[dict[str, Any]]) -> None:
    response = await write(customer, await customer.start(), active="yes")
    assert (response.status_code, error_code(response)) == (400, "INVALID_ACTIVE")
    assert told == []


async def test_signs_of_many_are_one_query_and_each_is_checked(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, bool]] = []
    monkeypatch.setattr(tell_typing, "_pace", TypingPace())
    monkeypatch.setattr(
        tell_typing, "send_many", lambda items: sent.extend((to, each.payload["active"]) for to, each in items)
    )
    await in_database(make_sessions)
    shown = [("s-1", "token-1", True), ("s-1", "token-2", True), ("s-2", "token-2", False), ("s-none", "token-1", True)]
    signs = [Sign(name, Credentials((), digest(token)), active) for name, token, active in shown]
    answers: list[bool] = []

    async def tell() -> None:
        answers.extend(await in_database(tell_typing.tell_typing, signs))

    [statement] = await count_queries(tell)
    assert statement.startswith("SELECT")
    assert answers == [True, False, True, False]
    assert sent == [("sse_session_s-1", True), ("sse_agent_alice", True), ("sse_session_s-2", False)]


def make_sessions() -> None:
    alice = get_user_model().objects.create(username="alice")
    make_session("s-1", token_digest=digest("token-1"), assignee=alice)
    make_session("s-2", token_digest=digest("token-2"))


async def test_who_came_by_a_link_writes_until_the_address_is_another(
    customer: Customer, stranger: Customer, told: list[dict[str, Any]]
) -> None:
    await in_database(make_session, "s-1", token_digest="t", customer_email="a@example.org")
    stranger.client.cookies["chat_links"] = _links_signer().sign(linked_key("t", "a@example.org"))
    assert (await write(stranger, "s-1")).status_code == 204
    await in_database(ChatSession.objects.update, customer_email="b@example.org")
    assert (await write(stranger, "s-1", active=False)).status_code == 404
    assert [each["active"] for each in told] == [True]


async def test_it_costs_one_query_and_no_transaction(customer: Customer) -> None:
    name = await customer.start()
    [statement] = await count_queries(lambda: write(customer, name))
    assert statement.startswith("SELECT")


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


def test_it_is_news_again_after_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = Clock(monkeypatch), TypingPace()
    pace.note("s-1", active=True)
    clock.now += PAUSE_SECONDS - 0.1
    assert not pace.is_due("s-1", active=True)
    assert pace.is_due("s-2", active=True)
    clock.now += 0.1
    assert pace.is_due("s-1", active=True)


def test_an_end_does_not_let_the_next_beginning_through(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = Clock(monkeypatch), TypingPace()
    pace.note("s-1", active=True)
    pace.note("s-1", active=False)
    assert not pace.is_due("s-1", active=True)
    clock.now += PAUSE_SECONDS
    assert pace.is_due("s-1", active=True)


def test_an_end_is_news_where_another_process_may_have_told_the_beginning() -> None:
    assert TypingPace().is_due("s-1", active=False)


def test_writers_who_stopped_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = Clock(monkeypatch), TypingPace()
    for number in range(10):
        pace.note(f"s-{number}", active=True)
    clock.now += FORGET_SECONDS + 1
    for _ in range(10):
        pace.note("s-x", active=True)
    assert list(pace._told) == ["s-x"]
