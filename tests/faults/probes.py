"""What anything costs without any fault, measured beside a load: the share of the machine and of the database."""

import asyncio
import contextlib
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.faults.calls import Caller, NoAnswer
from tests.faults.writers import Ledger, Timed

PAUSE_SECONDS = 0.1
WRITE = """
BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS probe (at REAL); DELETE FROM probe;
INSERT INTO probe VALUES (julianday()); COMMIT;
"""


async def probe_service(is_over: asyncio.Event, url: str, ledger: Ledger) -> None:
    """Note how long a GET takes that needs neither database nor Redis."""
    with closing(Caller(url, {})) as caller:
        while not is_over.is_set():
            started = time.monotonic()
            with contextlib.suppress(NoAnswer):
                await caller.get("/healthz")
                ledger.probe_times.append(Timed(started, time.monotonic() - started))
            await asyncio.sleep(PAUSE_SECONDS)


async def probe_database(is_over: asyncio.Event, database: Path, ledger: Ledger) -> None:
    """Note how long a write takes that knows nothing of Redis: what SQLite's lock and the disk cost."""
    with closing(sqlite3.connect(database, isolation_level=None, check_same_thread=False)) as connection:
        while not is_over.is_set():
            started = time.monotonic()
            with contextlib.suppress(sqlite3.OperationalError):  # locked, which some faults are about
                await asyncio.to_thread(connection.executescript, WRITE)
                ledger.write_times.append(Timed(started, time.monotonic() - started))
            await asyncio.sleep(PAUSE_SECONDS)
