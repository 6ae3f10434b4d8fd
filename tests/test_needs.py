"""What a machine lacks is never passed over in silence."""

import pytest

from harness import packages
from tests.needs import need


@pytest.fixture(autouse=True)
def _program_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(packages.PACKAGES, "no-such-program", "its-package")


def test_a_missing_program_fails_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISSING_PROGRAMS", "fail")
    with pytest.raises(pytest.fail.Exception, match="missing packages: its-package; as root: make packages"):
        need("no-such-program")


def test_a_missing_program_skips_a_test_where_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISSING_PROGRAMS", "skip")
    with pytest.raises(pytest.skip.Exception, match="its-package"):
        need("no-such-program")


def test_a_program_that_is_there_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(packages.PACKAGES, "sh", "dash")
    need("sh")
