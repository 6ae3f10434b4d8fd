"""A login ends 12 hours after it began, or earlier without use where the operator wants that."""

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from realtime.stream.request import StreamRequest
from workbench.access import login_sessions
from workbench.access.login_sessions import extend_used_logins, note_use_of_logins
from workbench.access.streams import authorise_agent_streams

pytestmark = pytest.mark.django_db(transaction=True)  # calls of the API run on threads of their own

LIFETIME = timedelta(hours=12)
IDLE = timedelta(minutes=30)
SOON = timedelta(minutes=1)
SLACK = timedelta(minutes=1)  # of a test on a busy machine, and of how late a use is noted


@pytest.fixture(autouse=True)
def _nothing_used() -> None:
    login_sessions.used.clear()


@pytest.fixture
def idle(settings: Any) -> None:
    settings.LOGIN_IDLE_MINUTES = 30


@pytest.fixture
def alice(client: Client) -> Client:
    """Logged in by the form, with the admin."""
    User.objects.create_superuser("alice", password="right")
    assert client.post("/login/", {"username": "alice", "password": "right"}).status_code == 302
    return client


def time_left() -> timedelta:
    return Session.objects.get().expire_date - timezone.now()


def is_about(left: timedelta, expected: timedelta) -> bool:
    return expected - SLACK < left < expected + SLACK


def age_login(age: timedelta, left: timedelta = SOON) -> None:
    """As if it had begun so long ago and had been used last when so much was left."""
    row = Session.objects.get()
    store = login_sessions.SessionStore(row.session_key)
    store.set_expiry(timezone.now() + LIFETIME - age)
    store.save()
    Session.objects.update(expire_date=timezone.now() + left)
    login_sessions.used.clear()


def use(client: Client, path: str) -> timedelta:
    """How long the login goes on after this has been asked for."""
    assert client.get(path).status_code == 200
    extend_used_logins()
    return time_left()


# After 12 hours


def test_a_login_ends_after_12_hours(alice: Client) -> None:
    assert is_about(time_left(), LIFETIME)
    assert int(alice.cookies["sessionid"]["max-age"]) == 12 * 3600


def test_it_is_over_then(alice: Client) -> None:
    assert alice.get("/api/sessions").status_code == 200
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert alice.get("/api/sessions").status_code == 401
    assert alice.get("/").status_code == 302
    assert alice.get("/admin/").status_code == 302


def test_what_is_kept_in_it_later_does_not_prolong_it(alice: Client) -> None:
    age_login(timedelta(hours=11))
    session = alice.session
    session["seen"] = "something"
    session.save()
    assert is_about(time_left(), timedelta(hours=1))


def test_without_a_login_nothing_is_limited() -> None:
    store = login_sessions.SessionStore()
    store["seen"] = "something"
    store.create()
    assert "_session_expiry" not in store


def test_use_prolongs_nothing_where_the_operator_does_not_want_it(alice: Client) -> None:
    Session.objects.update(expire_date=timezone.now() + SOON)
    assert is_about(use(alice, "/"), SOON)
    assert login_sessions.used == set()


# Without use


@pytest.mark.usefixtures("idle")
def test_a_login_ends_without_use(alice: Client) -> None:
    assert is_about(time_left(), IDLE)
    assert int(alice.cookies["sessionid"]["max-age"]) == 12 * 3600  # the server decides, the browser forgets later


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("path", ["/", "/api/sessions/queue", "/admin/", "/admin/auth/user/"])
def test_pages_and_calls_are_use(alice: Client, path: str) -> None:
    age_login(timedelta(hours=2))
    assert is_about(use(alice, path), IDLE)


@pytest.mark.usefixtures("idle")
def test_an_open_stream_is_none(alice: Client) -> None:
    age_login(timedelta(hours=2))
    stream = StreamRequest({}, {"sessionid": alice.cookies["sessionid"].value}, {}, {})
    assert isinstance(authorise_agent_streams([stream])[0], tuple)
    extend_used_logins()
    assert is_about(time_left(), SOON)


@pytest.mark.usefixtures("idle")
def test_use_does_not_go_beyond_the_12_hours(alice: Client) -> None:
    age_login(timedelta(hours=11, minutes=50))
    assert is_about(use(alice, "/"), timedelta(minutes=10))


@pytest.mark.usefixtures("idle")
def test_use_does_not_revive_what_is_over(alice: Client) -> None:
    assert alice.get("/api/sessions").status_code == 200
    Session.objects.update(expire_date=timezone.now() - SOON)
    extend_used_logins()
    assert is_about(time_left(), -SOON)


@pytest.mark.usefixtures("idle")
def test_use_does_not_revive_a_login_that_has_ended(alice: Client) -> None:
    assert alice.get("/api/sessions").status_code == 200
    alice.post("/logout/")
    extend_used_logins()
    assert Session.objects.count() == 0


@pytest.mark.usefixtures("idle")
def test_an_invented_login_is_not_remembered(client: Client) -> None:
    for number in range(3):
        client.cookies = SimpleCookie({"sessionid": f"{number:032}"})
        client.get("/api/sessions")
        client.get("/admin/")
    assert login_sessions.used == set()


@pytest.mark.usefixtures("idle")
def test_a_call_writes_nothing_for_it(alice: Client) -> None:
    before = Session.objects.values().get()
    for _ in range(3):
        alice.get("/api/sessions")
    assert Session.objects.values().get() == before


@pytest.mark.usefixtures("idle")
async def test_what_could_not_be_written_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    written = asyncio.Event()
    tries: list[set[str]] = []

    def write(keys: set[str]) -> None:
        tries.append(set(keys))
        if len(tries) == 1:
            raise OperationalError("away")
        loop.call_soon_threadsafe(written.set)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(login_sessions, "NOTE_SECONDS", 0.01)
    monkeypatch.setattr(login_sessions, "_extend", write)
    login_sessions.used.add("key")
    job = asyncio.create_task(note_use_of_logins())
    await asyncio.wait_for(written.wait(), 30)
    job.cancel()
    assert tries[:2] == [{"key"}, {"key"}]


async def test_the_job_ends_where_nobody_wants_it() -> None:
    await asyncio.wait_for(note_use_of_logins(), 30)


@pytest.mark.usefixtures("idle")
def test_a_login_from_before_ends_without_use_too(alice: Client) -> None:
    """It does not say when it began."""
    store = login_sessions.SessionStore()
    content = store.decode(Session.objects.get().session_data)
    del content["_session_expiry"]
    until = timezone.now() + timedelta(days=3)
    Session.objects.update(session_data=store.encode(content), expire_date=until)
    assert is_about(use(alice, "/"), IDLE)
