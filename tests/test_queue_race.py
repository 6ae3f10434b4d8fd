"""The race of tests/queue_promises.py on SQLite, where the database is a file that processes share."""

import os
import subprocess
import sys
from pathlib import Path

from harness.programs import ROOT
from harness.services import fill_database

LIMIT_SECONDS = 220.0
RACE = "import tests.queue_race; from tests import queue_promises as p; p.begin(); p.check(p.run_race({url!r}))"


def test_50_agents_race_for_200_sessions_over_two_processes(tmp_path: Path) -> None:
    """In a process of its own, whose database is that file and not the one of tests."""
    fill_database(tmp_path / "db.sqlite3")
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": "", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-c", RACE.format(url=url)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
