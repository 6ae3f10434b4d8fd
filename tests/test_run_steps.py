"""`make test` says at its end what failed: the end is what is read of a long output."""

import re
import subprocess
import sys
from pathlib import Path

from harness.programs import ROOT

FAKE_MAKE = """#!/bin/sh
case "$2" in
good)
    echo "==== 3 passed in 0.1s ====" ;;
bad)
    echo "long before"
    echo "E       AssertionError: two is not one"
    echo "FAILED test_that_fails"
    echo "==== 1 failed in 0.1s ===="
    exit 2 ;;
ugly)
    echo "compiler: no"
    exit 1 ;;
esac
"""


def run(tmp_path: Path, *words: str) -> tuple[int, str]:
    """Exit code, and what stands below the summary's heading."""
    make = tmp_path / "make"
    make.write_text(FAKE_MAKE)
    make.chmod(0o755)
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "run_steps.py", *words],
        env={"MAKE": str(make), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout.partition("── summary\n")[2]


def test_all_passed(tmp_path: Path) -> None:
    code, summary = run(tmp_path, "good", "--", "good")
    assert code == 0
    assert summary.endswith("all passed in 0 s\n")


def test_names_the_tests_that_failed_and_why(tmp_path: Path) -> None:
    code, summary = run(tmp_path, "good", "bad")
    assert code == 1
    [why, name] = re.findall(r"^bad +│ (.*)$", summary, re.MULTILINE)
    assert (why, name) == ("E       AssertionError: two is not one", "FAILED test_that_fails")
    assert "long before" not in summary
    assert summary.endswith("failed: bad in 0 s\n")


def test_shows_the_last_lines_of_a_step_that_is_no_test_run(tmp_path: Path) -> None:
    code, summary = run(tmp_path, "ugly", "--", "good")
    assert code == 1
    assert re.findall(r"^ugly +│ (.*)$", summary, re.MULTILINE)[-1] == "compiler: no"
