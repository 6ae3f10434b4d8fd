"""What comes too often is refused, and only to its sender."""

import json
import time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import AsyncClient, RequestFactory
from limits import parse

from chatbot.conversations.metrics import RATE_LIMITED
from chatbot.models import ChatSession, Message
from chatbot.tests.customer import Customer, error_code
from chatbot.web import rate_limits
from chatbot.web.client_address import client_address, stream_address
from chatbot.web.rate_limits import RateCounter
from realtime.database import in_database


@pytest.fixture
def rates(settings: Any) -> dict[str, Any]:
    """Two messages and two sessions an hour."""
    settings.RATE_LIMITS = {name: parse("2/hour") for name in ("messages", "sessions")}
    return dict(settings.RATE_LIMITS)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, to be moved on."""
    now = [1_000_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


async def post(customer: Customer, name: str, number: int, **headers: str) -> Any:
    body = {"content": "hi", "client_id": f"c-{number}"}
    return await customer.post(f"/api/sessions/{name}/messages", body, **headers)


async def flood(customer: Customer, name: str, **headers: str) -> list[int]:
    return [(await post(customer, name, number, **headers)).status_code for number in range(4)]


class CustomerAt(Customer):
    """A browser of its own at an address, behind a proxy that is trusted."""

    def __init__(self, address: str) -> None:
        super().__init__(AsyncClient())
        self.address = address

    async def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return await super().post(path, body, **{"X-Forwarded-For": self.address, **headers})


# Customers


async def test_more_than_the_rate_is_a_429(customer: Customer, rates: object) -> None:
    name = await customer.start()
    assert await flood(customer, name) == [201, 201, 429, 429]


async def test_the_answer_says_when_to_come_again(customer: Customer, rates: object) -> None:
    name = await customer.start()
    await flood(customer, name)
    response = await post(customer, name, 9)
    assert error_code(response) == "RATE_LIMITED"
    assert 1 <= int(response["Retry-After"]) <= 3_600


async def test_the_answer_is_in_the_callers_language(customer: Customer, rates: object) -> None:
    name = await customer.start()
    await flood(customer, name)
    response = await post(customer, name, 9, **{"Accept-Language": "zh-hans"})
    assert json.loads(response.content)["error"]["message"] == "操作过于频繁，请稍后再试。"


async def test_what_is_refused_is_not_written(customer: Customer, rates: object) -> None:
    name = await customer.start()
    await flood(customer, name)
    assert await in_database(Message.objects.filter(role="customer").count) == 2


async def test_all_writes_to_a_session_count_together(customer: Customer, rates: object) -> None:
    name = await customer.start()
    await customer.say(name, "hi")
    await customer.escalate(name)
    assert (await customer.post(f"/api/sessions/{name}/cancel-escalation")).status_code == 429


async def test_reading_is_not_limited(customer: Customer, rates: object) -> None:
    name = await customer.start()
    await flood(customer, name)
    assert (await customer.get(f"/api/sessions/{name}")).status_code == 200


async def test_a_stranger_who_knows_the_name_uses_up_nothing(
    customer: Customer, stranger: Customer, rates: object
) -> None:
    name = await customer.start()
    assert await flood(stranger, name, Authorization="Bearer invented") == [404, 404, 429, 429]
    assert (await post(customer, name, 1)).status_code == 201


async def test_an_invented_token_beside_the_cookie_begins_no_new_count(customer: Customer, rates: object) -> None:
    name = await customer.start()
    statuses = [
        (await post(customer, name, number, Authorization=f"Bearer invented-{number}")).status_code
        for number in range(3)
    ]
    assert statuses == [201, 201, 429]


async def test_another_cookie_beside_the_token_begins_no_new_count(transactional_db: None, rates: object) -> None:
    response = await Customer(AsyncClient()).post("/api/sessions")
    started = json.loads(response.content)
    statuses = []
    for number in range(3):
        other = CustomerAt(f"203.0.113.{number}")
        await other.start()
        headers = {"Authorization": f"Bearer {started['token']}"}
        statuses.append((await post(other, started["session_name"], number, **headers)).status_code)
    assert statuses == [201, 201, 429]


async def test_off_means_off(customer: Customer, settings: Any) -> None:
    settings.RATE_LIMITS = {}
    name = await customer.start()
    assert await flood(customer, name) == [201] * 4


# Addresses


async def start_from(address: str, **headers: str) -> int:
    """Start a session with a browser of its own; the status."""
    return (await CustomerAt(address).post("/api/sessions", **headers)).status_code


async def test_sessions_are_counted_by_address(transactional_db: None, rates: object) -> None:
    assert [await start_from("203.0.113.1") for _ in range(3)] == [201, 201, 429]
    assert await start_from("203.0.113.2") == 201
    assert await in_database(ChatSession.objects.count) == 3


async def test_a_forged_header_is_no_way_round(transactional_db: None, rates: object, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ()
    assert [await start_from(f"203.0.113.{number}") for number in range(3)] == [201, 201, 429]


async def test_a_foreign_page_does_not_use_up_the_address_of_its_visitors(
    transactional_db: None, rates: object
) -> None:
    assert [await start_from("203.0.113.1", Origin="https://evil.example") for _ in range(3)] == [403] * 3
    assert await start_from("203.0.113.1") == 201


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "198.51.100.1", "10.1.2.3"),
        ("192.168.0.1", "198.51.100.1", "192.168.0.1"),
        ("::1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.1", "", "203.0.113.1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "x" * 8_000 + ", 198.51.100.1", "198.51.100.1"),
    ],
)
def test_client_address(peer: str, forwarded: str, address: str) -> None:
    request = RequestFactory(headers={"X-Forwarded-For": forwarded}).get("/", REMOTE_ADDR=peer)
    assert client_address(request) == address
    headers = [(b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert stream_address({"client": (peer, 40_000) if peer else None, "headers": headers}) == address


# What the operator sees


def test_a_proxy_that_is_not_trusted_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    for forwarded in ("198.51.100.1", "198.51.100.2"):
        request = RequestFactory(headers={"X-Forwarded-For": forwarded}).get("/", REMOTE_ADDR="10.9.8.7")
        assert client_address(request) == "10.9.8.7"
    assert [record.getMessage() for record in caplog.records] == [
        "X-Forwarded-For is not believed, peer=10.9.8.7 is not in TRUSTED_PROXIES"
    ]


async def test_refusals_are_counted_and_logged_once(
    customer: Customer, rates: object, caplog: pytest.LogCaptureFixture
) -> None:
    name = await customer.start()
    counted = RATE_LIMITED.labels("messages")
    before = counted._value.get()
    await flood(customer, name)
    assert counted._value.get() == before + 2
    assert [record.name for record in caplog.records].count(rate_limits.__name__) == 1
    assert name in caplog.text


# Counting


async def test_the_rate_comes_back_with_time(clock: list[float]) -> None:
    counter = RateCounter("messages", parse("10/minute"))
    assert [await counter.take("a") is None for _ in range(11)] == [True] * 10 + [False]
    clock[0] += 120
    assert await counter.take("a") is None


async def test_a_clock_that_is_set_back_makes_nobody_wait(clock: list[float]) -> None:
    counter = RateCounter("messages", parse("8/minute"))
    assert [await counter.take("a") is None for _ in range(9)] == [True] * 8 + [False]
    clock[0] -= 3_600
    assert [await counter.take("a") for _ in range(3)] == [None] * 3


async def test_a_clock_that_is_set_back_leaves_no_counts_behind(clock: list[float]) -> None:
    """They would outlive all others, and hold those back that wait behind them to be forgotten."""
    counter = RateCounter("messages", parse("10/minute"))
    await counter.take("a")
    clock[0] -= 3_600
    await counter.take("b")
    clock[0] += 121
    await counter.take("c")
    assert len(counter._storage.storage) == len(counter._storage.expirations) == 1


async def test_a_clock_that_is_put_right_by_a_moment_changes_nothing(clock: list[float]) -> None:
    counter = RateCounter("messages", parse("10/hour"))
    clock[0] += 60 - clock[0] % 3_600
    for _ in range(10):
        await counter.take("a")
    clock[0] -= 0.5
    assert await counter.take("a") is not None


async def test_expired_counts_are_forgotten(clock: list[float]) -> None:
    counter = RateCounter("messages", parse("10/minute"))
    storage = counter._storage
    for number in range(1_000):
        await counter.take(f"k-{number}")
    assert len(storage.storage) == 1_000
    clock[0] += 121
    await counter.take("another")
    assert (len(storage.storage), len(storage.expirations)) == (1, 1)


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_KEYS", 10)
    counter = RateCounter("messages", parse("10/minute"))
    storage = counter._storage
    for number in range(100):
        await counter.take(f"k-{number}")
    assert len(storage.storage) == len(storage.expirations) <= 11
