"""Passwords cannot be guessed from one address or for one account, and nobody is locked out by it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from limits import parse

from chatbot.conversations.metrics import RATE_LIMITED
from realtime.database import in_database
from realtime.log import leases
from workbench.access import login_attempts
from workbench.access.login_attempts import KEEP_SUCCESSES, PRUNE_TURN, prune_attempts
from workbench.models import LoginAttempt

pytestmark = pytest.mark.django_db

LOGINS = ["/login/", "/admin/login/"]
OFFICE, HOME, ELSEWHERE = "203.0.113.1", "203.0.113.2", "198.51.100.7"
MESSAGES = {
    "en": "Too many attempts to log in have failed. Please try again in 60 minutes.",
    "zh-hans": "登录失败次数过多，请在 60 分钟后再试。",
}


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    """Three failures an hour from an address, four for an account; any number of attempts."""
    settings.RATE_LIMITS = {"address_failures": parse("3/hour"), "account_failures": parse("4/hour")}


@pytest.fixture(autouse=True)
def _alice() -> None:
    User.objects.create_user("alice", password="right", is_staff=True)


def log_in(
    username: str = "alice", password: str = "wrong", address: str = OFFICE, path: str = "/login/", **options: Any
) -> Any:
    form = {"username": username, "password": password, "next": "/x"}
    return Client().post(path, form, REMOTE_ADDR=address, **options)


def guess_from_elsewhere(times: int, username: str = "alice") -> list[int]:
    """Each from an address of its own."""
    return [log_in(username, address=f"198.51.100.{n}").status_code for n in range(1, times + 1)]


# By address


@pytest.mark.parametrize("path", LOGINS)
def test_an_address_has_its_failures(path: str) -> None:
    """Whatever names are tried."""
    assert [log_in(f"user-{n}", path=path).status_code for n in range(4)] == [200, 200, 200, 429]
    assert log_in("alice", "right", path=path).status_code == 429
    assert log_in("alice", "right", HOME, path=path).status_code == 302


def test_both_ways_in_count_together() -> None:
    statuses = [log_in(f"user-{n}", path=LOGINS[n % 2]).status_code for n in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_logging_in_is_no_failure() -> None:
    assert [log_in("alice", "right").status_code for _ in range(6)] == [302] * 6


def test_a_login_in_between_begins_no_new_count() -> None:
    statuses = [log_in(f"user-{n}").status_code for n in range(2)]
    log_in("alice", "right")
    assert statuses + [log_in(f"user-{n}").status_code for n in range(2)] == [200, 200, 200, 429]


def test_a_network_of_ipv6_is_one_address() -> None:
    statuses = [log_in(f"user-{n}", address=f"2001:db8:1:2::{n}").status_code for n in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_a_forged_header_is_no_other_address() -> None:
    headers = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(4)]
    statuses = [log_in(f"user-{n}", headers=header).status_code for n, header in enumerate(headers)]
    assert statuses == [200, 200, 200, 429]


# By account


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_an_account_has_its_failures_whether_it_exists_or_not(username: str) -> None:
    assert guess_from_elsewhere(5, username) == [200, 200, 200, 200, 429]


@pytest.mark.parametrize("spelling", ["ALICE", " alice", "\uff41lice"])
def test_another_spelling_is_the_same_account(spelling: str) -> None:
    guess_from_elsewhere(4)
    assert log_in(spelling).status_code == 429


def test_nobody_is_locked_out_where_they_have_logged_in_before() -> None:
    log_in("alice", "right")
    guess_from_elsewhere(9)
    assert log_in("alice", "right").status_code == 302
    assert log_in("alice", "right", HOME).status_code == 429


def test_an_address_known_for_one_account_is_not_for_another() -> None:
    User.objects.create_user("bob", password="right")
    log_in("bob", "right")
    guess_from_elsewhere(4)
    assert log_in("alice", "right").status_code == 429


def test_a_known_address_has_its_own_limit() -> None:
    log_in("alice", "right")
    assert [log_in().status_code for _ in range(4)] == [200, 200, 200, 429]


# In time


def test_failures_are_forgotten_after_an_hour() -> None:
    for n in range(3):
        log_in(f"user-{n}")
    LoginAttempt.objects.update(at=Now() - timedelta(hours=1, seconds=1))
    assert log_in().status_code == 200


def test_the_answer_says_when_to_come_again() -> None:
    for n in range(3):
        log_in(f"user-{n}")
    LoginAttempt.objects.update(at=Now() - timedelta(minutes=50))
    assert 590 <= int(log_in()["Retry-After"]) <= 600


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    for n in range(3):
        log_in(f"user-{n}")
    LoginAttempt.objects.update(at=Now() + timedelta(minutes=30))
    assert log_in().status_code == 200


def test_what_is_refused_does_not_prolong_it() -> None:
    for n in range(9):
        log_in(f"user-{n}")
    assert LoginAttempt.objects.count() == 3


def test_of_attempts_that_come_at_once_no_more_get_through() -> None:
    """Each comes while the password of the one before is still looked at."""
    looked_at: list[str] = []

    def check_slowly(_: User, password: str) -> bool:
        looked_at.append(password)
        if len(looked_at) < 9:
            log_in()
        return False

    with mock.patch.object(User, "check_password", check_slowly):
        log_in()
    assert len(looked_at) == 3


# What it tells


@pytest.mark.parametrize("language", MESSAGES)
def test_the_login_page_says_so(language: str) -> None:
    for n in range(3):
        log_in(f"user-{n}")
    page = log_in(headers={"Accept-Language": language}).content.decode()
    assert MESSAGES[language] in page
    assert 'name="next" value="/x"' in page


def test_an_account_that_is_refused_looks_as_one_that_does_not_exist() -> None:
    guess_from_elsewhere(4)
    guess_from_elsewhere(4, "nobody")
    known, unknown = (log_in(name, address=ELSEWHERE + "7") for name in ("alice", "nobody"))
    assert (known.status_code, unknown.status_code) == (429, 429)
    assert _without_names(known) == _without_names(unknown)


@pytest.mark.parametrize("path", LOGINS)
def test_a_wrong_password_looks_as_an_unknown_name(path: str) -> None:
    User.objects.create_user("carol", password="right", is_active=False)
    pages = [_without_names(log_in(name, path=path, address=HOME)) for name in ("alice", "nobody")]
    pages.append(_without_names(log_in("carol", "right", path=path)))
    assert len(set(pages)) == 1


def test_a_wrong_password_takes_as_many_hashes_as_an_unknown_name() -> None:
    hashed = []
    for name in ("alice", "nobody"):
        encode = mock.Mock(wraps=MD5PasswordHasher().encode)
        with mock.patch.object(MD5PasswordHasher, "encode", encode):
            log_in(name)
        hashed.append(encode.call_count)
    assert hashed == [1, 1]


def test_a_refused_attempt_costs_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        log_in(f"user-{n}")
    monkeypatch.delattr(MD5PasswordHasher, "encode")
    assert log_in().status_code == 429


def test_what_is_typed_as_a_name_is_kept_as_a_keyed_digest(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    log_in("correct-horse-battery")
    [before] = LoginAttempt.objects.values_list("account", flat=True)
    assert "correct-horse-battery" not in str(LoginAttempt.objects.values().get()) + caplog.text
    LoginAttempt.objects.all().delete()
    settings.SECRET_KEY = "another" * 10
    log_in("correct-horse-battery")
    assert LoginAttempt.objects.get().account != before


def test_refusals_are_counted_by_what_was_used_up() -> None:
    def counted() -> list[float]:
        return [RATE_LIMITED.labels(name)._value.get() for name in ("address_failures", "account_failures")]

    before = counted()
    guess_from_elsewhere(5)
    for n in range(4):
        log_in(f"user-{n}")
    assert [after - one for after, one in zip(counted(), before, strict=True)] == [1, 1]


def test_logins_and_failures_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    log_in()
    log_in("alice", "right")
    lines = [record.getMessage() for record in caplog.records if record.name == login_attempts.__name__]
    assert lines[0].startswith(f"login failed address={OFFICE} account=")
    assert lines[1] == f"logged in agent=alice address={OFFICE}"


def test_limits_can_be_off(settings: Any) -> None:
    settings.RATE_LIMITS = {}
    assert guess_from_elsewhere(6) == [200] * 6


# Pruning


@pytest.fixture
def _kept() -> Iterator[None]:
    """A failure and a success of today."""
    log_in()
    log_in("alice", "right")
    yield
    assert list(LoginAttempt.objects.order_by("id").values_list("succeeded", flat=True)) == [False, True]


@pytest.mark.usefixtures("_kept")
@pytest.mark.parametrize(
    ("password", "age"), [("wrong", timedelta(days=1)), ("right", KEEP_SUCCESSES)], ids=["failure", "success"]
)
def test_old_attempts_go(password: str, age: timedelta) -> None:
    kept = set(LoginAttempt.objects.values_list("pk", flat=True))
    log_in("alice", password)
    LoginAttempt.objects.exclude(pk__in=kept).update(at=Now() - age - timedelta(seconds=1))
    assert prune_attempts() == 1


@pytest.mark.usefixtures("_kept")
def test_failures_live_as_long_as_they_count(settings: Any) -> None:
    settings.RATE_LIMITS = {"account_failures": parse("4/month")}
    LoginAttempt.objects.filter(succeeded=False).update(at=Now() - timedelta(days=20))
    assert prune_attempts() == 0


@pytest.mark.django_db(transaction=True)
async def test_one_process_prunes_and_drops_login_sessions_that_are_over() -> None:
    await in_database(_age_a_login)
    await login_attempts.prune_in_turn()
    assert await in_database(LoginAttempt.objects.count) == 0
    assert await in_database(Session.objects.count) == 0
    assert not await in_database(leases.take, "logins", PRUNE_TURN)


def _age_a_login() -> None:
    log_in("alice", "right")
    LoginAttempt.objects.update(at=Now() - timedelta(days=400))
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))


def _without_names(response: Any) -> str:
    """What differs between two answers to different names by itself."""
    page: str = response.content.decode()
    token = str(response.context["csrf_token"])
    for changing in (token, "alice", "nobody", "carol"):
        page = page.replace(changing, "")
    return page
