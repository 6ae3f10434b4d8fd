"""What a machine may lack: a test that needs it fails, or is skipped where that was asked for (`make check`)."""

import os

import pytest

from harness.packages import explain_missing


def need(*programs: str) -> None:
    """Fail, or skip, unless these programs are there."""
    if missing := explain_missing(*programs):
        lack(missing)


def lack(what: str) -> None:
    """Something is missing: fail and say what to do, or skip with that reason."""
    if os.environ.get("MISSING_PROGRAMS") == "skip":
        pytest.skip(what)
    pytest.fail(what)
