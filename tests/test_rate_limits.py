"""Logins that fail count for all processes together; what the environment says of rates."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from harness.services import DEMO_PASSWORD, Service, fill_database, make_environment
from harness.trust import trust

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
    with httpx.Client(base_url=service.url, timeout=10, verify=trust()) as client:
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
    minute, hour = 60, 3_600
    assert {name: (item.amount, item.get_expiry()) for name, item in env.rate_limits().items()} == {
        "messages": (600, minute),
        "sessions": (600, minute),
        "replies": (1_200, minute),
        "suggestions": (120, minute),
        "assistance": (30, minute),
        "logins": (20, minute),
        "uploads": (60, minute),
        "address_uploads": (300, minute),
        "address_failures": (60, hour),
        "account_failures": (100, hour),
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
