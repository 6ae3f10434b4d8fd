"""How many streams a real service lets one session, login and address have, and its setting."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from harness.clients import AgentClient, CustomerClient, cookies_of
from harness.programs import Valkey
from harness.services import Product, Service, make_environment, serving
from harness.trust import trust

LIMITS = {"session": 3, "login": 4, "address": 6}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("limited")
    valkey = Valkey(folder)
    environment = make_environment(folder / "db.sqlite3", valkey.url)
    environment["STREAM_LIMITS"] = ",".join(f"{name}={number}" for name, number in LIMITS.items())
    environment["TRUSTED_PROXIES"] = "127.0.0.1"
    chatbot, workbench = (Service(name, folder, environment) for name in ("chatbot", "workbench"))
    product = Product(folder, valkey, chatbot, workbench, folder / "db.sqlite3")
    with serving(product):
        yield product


class Streams(contextlib.ExitStack):
    """Streams that are kept open to the end."""

    def open(self, url: str, headers: dict[str, str], address: str) -> bool:
        """Whether one more is granted; one that is refused ends by itself, with 200."""
        client = self.enter_context(httpx.Client(timeout=20, verify=trust()))
        response = self.enter_context(client.stream("GET", url, headers={**headers, "X-Forwarded-For": address}))
        assert response.status_code == 200
        lines: Any = response.iter_lines()
        self.callback(lines.close)  # dropped, it would close the connection
        [retry] = re.findall(r"^retry: (\d+)$", next(lines))
        if next(lines) == "event: stream-open":
            return True
        assert int(retry) >= 15_000
        assert list(lines) == []
        return False


def test_a_session_has_so_many_streams(limited: Product) -> None:
    with CustomerClient(limited.chatbot.url) as customer, Streams() as streams:
        customer.create_session()
        url = f"{customer.url}{customer.path}/events"
        ways = [cookies_of(customer.http), {"Authorization": f"Bearer {customer.token}"}] * 3  # both are its owner
        assert [streams.open(url, way, f"10.0.1.{i}") for i, way in enumerate(ways)] == [True] * 3 + [False] * 3


def test_an_address_has_so_many_streams(limited: Product) -> None:
    with contextlib.ExitStack() as stack, Streams() as streams:
        granted = []
        for _ in range(LIMITS["address"] + 2):
            customer = stack.enter_context(CustomerClient(limited.chatbot.url))
            customer.create_session()
            url = f"{customer.url}{customer.path}/events"
            granted.append(streams.open(url, cookies_of(customer.http), "10.0.2.1"))
        assert granted == [True] * LIMITS["address"] + [False] * 2
        assert streams.open(url, cookies_of(customer.http), "10.0.2.2")


def test_a_login_has_so_many_streams(limited: Product) -> None:
    with (
        AgentClient(limited.workbench.url, "alice") as alice,
        AgentClient(limited.workbench.url, "alice") as elsewhere,
        Streams() as streams,
    ):
        url = f"{alice.url}/api/agent/events"
        granted = [streams.open(url, cookies_of(alice.http), f"10.0.3.{i}") for i in range(LIMITS["login"] + 2)]
        assert granted == [True] * LIMITS["login"] + [False] * 2
        assert streams.open(url, cookies_of(elsewhere.http), "10.0.3.1")


# The setting


def test_on_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREAM_LIMITS", raising=False)
    assert env.stream_limits() == {"session": 16, "login": 32, "address": 2_000}


def test_numbers_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_LIMITS", "session=8, address=500")
    assert env.stream_limits() == {"session": 8, "login": 32, "address": 500}


def test_limits_can_be_off_while_rates_are_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_LIMITS", "off")
    monkeypatch.setenv("RATE_LIMITS", "on")
    assert env.stream_limits() == {}
    assert env.rate_limits() != {}


@pytest.mark.parametrize(
    "text", ["yes", "session", "session=", "session=0", "session=-1", "session=x", "team=3", "on,off"]
)
def test_a_bad_number_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("STREAM_LIMITS", text)
    with pytest.raises(ImproperlyConfigured, match="STREAM_LIMITS"):
        env.stream_limits()
