"""`make test` says at its end what failed: the end is what is read of a long output."""

import os
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
first)
    read -r line < "$MEETING" && echo "==== $line ====" ;;
second)
    echo "3 passed in 0.1s" > "$MEETING" ;;
esac
"""


def run(tmp_path: Path, at_once: int, *names: str) -> tuple[int, str]:
    """Exit code, and what stands below the summary's heading."""
    make = tmp_path / "make"
    make.write_text(FAKE_MAKE)
    make.chmod(0o755)
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "run_steps.py", str(at_once), *names],
        env={"MAKE": str(make), "PATH": "/usr/bin:/bin", "MEETING": str(tmp_path / "meeting")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout.partition("── summary\n")[2]


def test_all_passed(tmp_path: Path) -> None:
    code, summary = run(tmp_path, 2, "good", "good")
    assert code == 0
    assert summary.endswith("all passed in 0 s\n")


def test_names_the_tests_that_failed_and_why(tmp_path: Path) -> None:
    code, summary = run(tmp_path, 1, "good", "bad")
    assert code == 1
    [why, name] = re.findall(r"^bad +│ (.*)$", summary, re.MULTILINE)
    assert (why, name) == ("E       AssertionError: two is not one", "FAILED test_that_fails")
    assert "long before" not in summary
    assert summary.endswith("failed: bad in 0 s\n")


def test_shows_the_last_lines_of_a_step_that_is_no_test_run(tmp_path: Path) -> None:
    code, summary = run(tmp_path, 2, "ugly", "good")
    assert code == 1
    assert re.findall(r"^ugly +│ (.*)$", summary, re.MULTILINE)[-1] == "compiler: no"


def test_runs_as_many_at_once_as_it_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "meeting")  # each of the two waits for the other one
    code, summary = run(tmp_path, 2, "bad", "first", "second", "good")
    assert code == 1
    assert re.findall(r"^(\w+) +\w+ +0 s", summary, re.MULTILINE) == ["FAILED", "ok", "ok", "ok"]
    assert "failed: bad in" in summary
