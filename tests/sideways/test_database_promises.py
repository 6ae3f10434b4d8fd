"""Tests of the database, run again on PostgreSQL."""

import os
import tempfile

import pytest

from harness.forks import start_python
from harness.sideways import MIGRATED, Site

PROMISES_SECONDS = 200.0  # less than a test may take (pyproject.toml), so that what hangs shows where it is
REALTIME = ["numbering_promises", "test_contract", "test_log", "test_retention"]
DATABASE_PROMISES = {
    "of sessions and the log": [
        *("tests/database_promises.py", "tests/database_plans.py"),
        *("workbench/tests/test_silence.py", "workbench/tests/test_quiet_customers.py"),
        *(f"realtime/tests/{name}.py" for name in REALTIME),
    ],
    "of the queue": ["tests/queue_promises.py"],
}


@pytest.mark.parametrize("what", DATABASE_PROMISES)
def test_database_promises_hold_on_postgresql(site: Site, what: str) -> None:
    name = what.replace(" ", "_")
    # What pytest-django would make with all migrations, and take for the database of a run before.
    site.postgresql.copy(MIGRATED, f"test_{name}")
    environment = {**os.environ, "DATABASE_URL": site.postgresql.url_of(name), "REDIS_URL": ""}
    options = ["-q", "-p", "no:cacheprovider", "--reuse-db"]
    command = ["-m", "pytest", *options, *DATABASE_PROMISES[what]]
    # A test that hangs shows where it is; and nothing is waited for any longer than all of it may take.
    command += ["-o", f"faulthandler_timeout={PROMISES_SECONDS * 0.9}"]
    with tempfile.TemporaryFile() as output:
        tests = start_python(command, environment, stdout=output, stderr=output)
        try:
            code = tests.wait(PROMISES_SECONDS)
        finally:
            tests.kill()
        output.seek(0)
        assert code == 0, output.read().decode()
