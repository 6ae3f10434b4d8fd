"""Tests of the database, run again on PostgreSQL."""

import os
import subprocess
import sys

from harness.programs import ROOT
from harness.sideways import Site

PROMISES_SECONDS = 450.0
DATABASE_PROMISES = [
    "tests/database_promises.py",
    "tests/database_plans.py",
    "tests/queue_promises.py",
    "workbench/tests/test_silence.py",
    *(f"realtime/tests/{name}.py" for name in ("numbering_promises", "test_contract", "test_log", "test_retention")),
]


def test_database_promises_hold_on_postgresql(site: Site) -> None:
    environment = {**os.environ, "DATABASE_URL": site.postgresql.url, "REDIS_URL": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *DATABASE_PROMISES]
    # A test that hangs shows where it is; and nothing is waited for any longer than all of it may take.
    command += ["-o", f"faulthandler_timeout={PROMISES_SECONDS / 3}"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PROMISES_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
