"""What anything costs without any fault, measured beside a load: the share of the machine and of the database."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable
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
        await _measure(is_over, lambda: caller.get("/healthz"), ledger.probe_times)


async def probe_database(is_over: asyncio.Event, database: Path, ledger: Ledger) -> None:
    """Note how long a write takes that knows nothing of Redis: what SQLite's lock and the disk cost."""
    with closing(sqlite3.connect(database, isolation_level=None, check_same_thread=False)) as connection:
        await _measure(is_over, lambda: asyncio.to_thread(connection.executescript, WRITE), ledger.write_times)


async def _measure(is_over: asyncio.Event, probe: Callable[[], Awaitable[object]], times: list[Timed]) -> None:
    """Until it is over; what fails, since the service or the database is what a fault is about, is left out."""
    while not is_over.is_set():
        started = time.monotonic()
        with contextlib.suppress(NoAnswer, sqlite3.OperationalError):
            await probe()
            times.append(Timed(started, time.monotonic() - started))
        await asyncio.sleep(PAUSE_SECONDS)
