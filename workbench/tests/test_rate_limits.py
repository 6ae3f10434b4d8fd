"""Agents and logins that come too often are refused, and nobody else."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from limits import parse

from chatbot.models import Message, Status
from chatbot.tests.customer import error_code
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session

LOGINS = ["/login/", "/admin/login/"]
MESSAGES = {"en": "That was too much at once.", "zh-hans": "操作过于频繁，请稍后再试。"}


@pytest.fixture(autouse=True)
def _rates(settings: Any) -> None:
    """Two replies and two logins an hour."""
    settings.RATE_LIMITS = {name: parse("2/hour") for name in ("replies", "logins")}


@pytest.fixture
def _alice(db: None) -> None:
    User.objects.create_user("alice", password="right", is_staff=True)


def log_in(path: str, username: str = "alice", password: str = "wrong", **options: Any) -> Any:
    return Client().post(path, {"username": username, "password": password, "next": "/x"}, **options)


async def test_more_replies_than_the_rate_are_a_429(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert [(await alice.reply("s-1", "hi", f"a-{number}"))[0] for number in range(3)] == [201, 201, 429]
    assert await in_database(Message.objects.count) == 2


async def test_another_agent_is_not_limited(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(add_session)
    assert [(await alice.act("s-2", "takeover"))[0] for _ in range(3)] == [404, 404, 429]
    assert (await bob.act("s-1", "takeover"))[0] == 200


async def test_reading_is_not_limited(alice: AgentClient) -> None:
    assert [(await alice.read("/api/sessions/queue"))[0] for _ in range(4)] == [200] * 4


async def test_a_call_without_a_login_is_told_that(transactional_db: None) -> None:
    for _ in range(3):
        response = await AsyncClient().post("/api/sessions/s-1/close", {}, content_type="application/json")
        assert error_code(response) == "UNAUTHENTICATED"


@pytest.mark.usefixtures("_alice")
@pytest.mark.parametrize("path", LOGINS)
def test_a_third_attempt_to_log_in_is_a_429(path: str) -> None:
    assert [log_in(path).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.usefixtures("_alice")
@pytest.mark.parametrize("path", LOGINS)
@pytest.mark.parametrize("language", MESSAGES)
def test_the_login_page_says_so(path: str, language: str) -> None:
    for _ in range(2):
        log_in(path)
    response = log_in(path, headers={"Accept-Language": language})
    page = response.content.decode()
    assert MESSAGES[language] in page
    assert 'value="alice"' in page
    assert 'name="next" value="/x"' in page
    assert int(response["Retry-After"]) >= 1


@pytest.mark.usefixtures("_alice")
def test_a_refused_attempt_costs_no_password_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        log_in("/login/")
    monkeypatch.delattr(MD5PasswordHasher, "encode")
    assert log_in("/login/").status_code == 429


@pytest.mark.usefixtures("_alice")
def test_another_address_or_name_is_not_limited() -> None:
    for _ in range(3):
        log_in("/login/")
    assert log_in("/login/", password="right", REMOTE_ADDR="203.0.113.1").status_code == 302
    assert log_in("/login/", "bob").status_code == 200


@pytest.mark.usefixtures("_alice")
@pytest.mark.parametrize("spelling", ["ALICE", " alice", "alice\u3000", "\uff41lice"])
def test_another_spelling_begins_no_new_count(spelling: str) -> None:
    """Capitals, and what the login form itself takes for the same name."""
    assert [log_in("/login/", username).status_code for username in ("alice", "alice", spelling)] == [200, 200, 429]
