"""Rates hold for all processes together while Redis counts, and for each alone while it does not."""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import pytest
import redis
from django.core.exceptions import ImproperlyConfigured

from config import env
from tests.services import (
    DEMO_PASSWORD,
    ROOT,
    CustomerClient,
    Service,
    Valkey,
    fill_database,
    make_environment,
    wait_until,
)

RATE = 20
SHARE = RATE // 4  # what a process admits before it asks Redis
ASK_BUDGET_SECONDS = 0.1


@dataclass
class Chatbots:
    """Two processes of the chatbot on one Valkey, with the rights of the example only."""

    valkey: Valkey
    one: Service
    other: Service


def post(customer: CustomerClient, services: Sequence[Service], count: int) -> list[httpx.Response]:
    """Post messages, to the processes in turn."""
    headers = {"Authorization": f"Bearer {customer.token}"}
    return [
        customer.http.post(
            f"{services[number % len(services)].url}{customer.path}/messages",
            json={"content": "hi", "client_id": secrets.token_hex(8)},
            headers=headers,
        )
        for number in range(count)
    ]


def statuses_of(answers: Sequence[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


def grant_rights(valkey: Valkey) -> str:
    """Give Valkey the user of deploy/redis.acl.example; its URL."""
    example = (ROOT / "deploy/redis.acl.example").read_text()
    [rights] = re.findall(r"^user handover (.*)$", example, re.MULTILINE)
    with redis.Redis.from_url(valkey.url) as client:
        client.execute_command("ACL", "SETUSER", "handover", *rights.split())
    return valkey.url.replace("redis://", "redis://handover:CHANGE@")


@pytest.fixture(scope="module")
def shared_chatbots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbots]:
    folder = tmp_path_factory.mktemp("rates")
    valkey = Valkey(folder)
    valkey.start()
    environment = make_environment(folder / "db.sqlite3", grant_rights(valkey))
    environment["RATE_LIMITS"] = f"messages={RATE}/hour"
    fill_database(folder / "db.sqlite3")
    folders = [folder / "one", folder / "other"]
    for each in folders:
        each.mkdir()
    one, other = (Service("chatbot", each, environment) for each in folders)
    try:
        one.launch()
        other.launch()
        one.wait_ready()
        other.wait_ready()
        yield Chatbots(valkey, one, other)
    finally:
        for program in (one, other, valkey):
            program.kill()


@pytest.fixture
def chatbots(shared_chatbots: Chatbots) -> Chatbots:
    """Both up and with Redis."""
    services = (shared_chatbots.one, shared_chatbots.other)
    wait_until("both use redis", lambda: all(map(uses_redis, services)))
    return shared_chatbots


def uses_redis(service: Service) -> bool:
    return bool(httpx.get(f"{service.url}/readyz").json() == {"database": "ok", "redis": "ok"})


@pytest.fixture
def customer(chatbots: Chatbots) -> Iterator[CustomerClient]:
    with CustomerClient(chatbots.one.url) as client:
        client.create_session()
        yield client


def test_a_quiet_customer_leaves_no_trace_in_redis(chatbots: Chatbots, customer: CustomerClient) -> None:
    assert statuses_of(post(customer, [chatbots.one], SHARE)) == [201] * SHARE
    with redis.Redis.from_url(chatbots.valkey.url) as client:
        assert list(client.scan_iter(f"*{customer.session_name}*")) == []


def test_processes_agree(chatbots: Chatbots, customer: CustomerClient) -> None:
    statuses = statuses_of(post(customer, [chatbots.one, chatbots.other], 3 * RATE))
    assert set(statuses) == {201, 429}
    assert RATE <= statuses.count(201) <= RATE + 2 * SHARE


def test_what_one_process_admitted_counts_in_the_other(chatbots: Chatbots, customer: CustomerClient) -> None:
    post(customer, [chatbots.one], RATE)
    assert statuses_of(post(customer, [chatbots.other], RATE)) == [201] * SHARE + [429] * (RATE - SHARE)


def test_counts_from_before_the_clock_of_redis_was_set_back_refuse_nobody(
    chatbots: Chatbots, customer: CustomerClient
) -> None:
    post(customer, [chatbots.one], RATE)
    with redis.Redis.from_url(chatbots.valkey.url) as client:
        for key in client.scan_iter(f"*{customer.session_name}*"):  # Redis keeps the moment of their end
            client.pexpire(key, client.pttl(key) + 3_600_000)
    assert statuses_of(post(customer, [chatbots.other], RATE)) == [201] * RATE


@pytest.mark.parametrize("fault", [Valkey.pause, Valkey.kill], ids=["hangs", "gone"])
def test_without_redis_each_process_counts_alone(
    chatbots: Chatbots, customer: CustomerClient, fault: Callable[[Valkey], None]
) -> None:
    fault(chatbots.valkey)
    try:
        answers = post(customer, [chatbots.one], RATE + 5)
    finally:
        if chatbots.valkey.is_alive():
            chatbots.valkey.resume()
        else:
            chatbots.valkey.start()
            grant_rights(chatbots.valkey)
    statuses = statuses_of(answers)
    assert set(statuses) == {201, 429}
    assert RATE <= statuses.count(201) <= RATE + 1  # one more if an hour begins meanwhile
    assert median(answer.elapsed.total_seconds() for answer in answers[SHARE:RATE]) < ASK_BUDGET_SECONDS


# Logins that fail


@pytest.fixture
def workbenches(tmp_path: Path) -> Iterator[list[Service]]:
    """Two processes without Redis; three logins may fail."""
    environment = make_environment(tmp_path / "db.sqlite3")
    environment["RATE_LIMITS"] = "address_failures=3/hour"
    fill_database(tmp_path / "db.sqlite3")
    services = []
    try:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            services.append(Service("workbench", tmp_path / name, environment))
            services[-1].launch()
        for service in services:
            service.wait_ready()
        yield services
    finally:
        for service in services:
            service.kill()


def log_in(service: Service, username: str, password: str) -> int:
    with httpx.Client(base_url=service.url, timeout=10) as client:
        client.get("/login/")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        return client.post("/login/", data=form).status_code


def test_failures_in_one_process_count_in_the_other(workbenches: list[Service]) -> None:
    one, other = workbenches
    statuses = [log_in(service, f"user-{number}", "wrong") for number, service in enumerate((one, other, one))]
    assert statuses == [200] * 3
    assert [log_in(service, "alice", DEMO_PASSWORD) for service in (one, other)] == [429] * 2


# Settings


def test_on_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RATE_LIMITS", raising=False)
    assert {name: item.amount for name, item in env.rate_limits().items()} == {
        "messages": 600,
        "sessions": 600,
        "replies": 1200,
        "logins": 20,
        "address_failures": 60,
        "account_failures": 100,
    }


def test_rates_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMITS", "messages=5/second, sessions=30/hour")
    found = env.rate_limits()
    assert (found["messages"].amount, found["messages"].get_expiry()) == (5, 1)
    assert (found["sessions"].amount, found["sessions"].get_expiry()) == (30, 3_600)
    assert found["logins"].amount == 20


def test_rates_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMITS", "off")
    assert env.rate_limits() == {}


@pytest.mark.parametrize(
    "text", ["yes", "messages", "messages=", "messages=0/minute", "messages=3/fortnight", "posts=3/minute", "on,off"]
)
def test_a_bad_rate_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RATE_LIMITS", text)
    with pytest.raises(ImproperlyConfigured, match="RATE_LIMITS"):
        env.rate_limits()


def test_this_machine_alone_is_trusted_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUSTED_PROXIES", raising=False)
    assert [str(network) for network in env.trusted_proxies()] == ["127.0.0.0/8", "::1/128"]


def test_a_bad_network_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/33")
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        env.trusted_proxies()
