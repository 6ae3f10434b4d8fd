"""DATABASE_URL: what every connection to PostgreSQL is given, and what the operator may change of it."""

import pytest

from config import env


def options_of(monkeypatch: pytest.MonkeyPatch, query: str = "") -> dict[str, object]:
    monkeypatch.setenv("DATABASE_URL", f"postgres://handover:secret@db:5432/handover{query}")
    return dict(env.database()["OPTIONS"])


def test_the_limits_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    options = options_of(monkeypatch)
    assert options["options"] == "-c lock_timeout=1500ms -c idle_in_transaction_session_timeout=5s"
    assert options["tcp_user_timeout"] == 10_000


def test_the_operator_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL takes the later one of two options of one name."""
    options = options_of(monkeypatch, "?keepalives_idle=30&options=-c%20lock_timeout%3D30s&sslmode=require")
    assert str(options["options"]).endswith(" -c lock_timeout=30s")
    assert (options["keepalives_idle"], options["sslmode"]) == (30, "require")
    assert options["keepalives_count"] == 3
