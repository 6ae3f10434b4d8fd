"""What the environment says about logins is checked when a process starts."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_logins_do_not_end_without_use_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOGIN_IDLE_MINUTES", raising=False)
    assert env.idle_minutes() == 0


def test_logins_end_without_use_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGIN_IDLE_MINUTES", "30")
    assert env.idle_minutes() == 30


@pytest.mark.parametrize("text", ["-1", "half an hour"])
def test_a_time_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LOGIN_IDLE_MINUTES", text)
    with pytest.raises(ImproperlyConfigured, match="LOGIN_IDLE_MINUTES"):
        env.idle_minutes()
