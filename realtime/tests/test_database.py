"""Nobody waits for the database without an end, and what was refused does not happen."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest import mock

import pytest
import pytest_asyncio
from django.db import InterfaceError, InternalError, OperationalError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from psycopg.errors import IdleInTransactionSessionTimeout, LockNotAvailable

from realtime import database
from realtime.database import in_database, in_turn, read_at_length, read_database
from realtime.database.threads import DatabaseBusy, Threads
from realtime.tests.conftest import DEADLINE_SECONDS, until

pytestmark = pytest.mark.django_db(transaction=True)

SHORT_SECONDS = 0.1
Run = Callable[..., Awaitable[object]]


@asynccontextmanager
async def a_job_that_hangs(run: Run = in_database, *key: str) -> AsyncIterator[threading.Event]:
    """A job on a database thread until this ends, or until what it gives is set."""
    begun, may_end = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        may_end.wait(60)

    hanging = asyncio.ensure_future(run(*key, hang))
    try:
        await until(begun.is_set)
        yield may_end
    finally:
        may_end.set()
        await asyncio.wait([hanging], timeout=DEADLINE_SECONDS)
        hanging.exception()


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MAX_WAIT_SECONDS", SHORT_SECONDS)


@pytest_asyncio.fixture
async def deadlines(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What happens at the end of a caller's time limit: the test calls it when that is to come."""
    noted: list[Callable[[], None]] = []
    call_later = asyncio.get_running_loop().call_later

    def note(delay: float, callback: Callable[..., None], *args: Any, **kwargs: Any) -> asyncio.TimerHandle:
        if delay == database.MAX_WAIT_SECONDS:
            noted.append(callback)
        return call_later(delay, callback, *args, **kwargs)

    monkeypatch.setattr(database, "MAX_WAIT_SECONDS", 3_600.0)
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", note)
    return noted


async def after_the_deadline(run: Run, deadlines: list[Callable[[], None]]) -> object:
    """What a caller gets whose job has begun in time and ends too late."""
    begun, may_end = threading.Event(), threading.Event()

    def job() -> str:
        begun.set()
        may_end.wait(60)
        return "done"

    caller = asyncio.ensure_future(run(job))
    try:
        await until(begun.is_set)
        deadlines[-1]()
    finally:
        may_end.set()
    return await asyncio.wait_for(caller, DEADLINE_SECONDS)


def use_threads(monkeypatch: pytest.MonkeyPatch, size: int) -> Threads:
    threads = Threads("testing", size)
    monkeypatch.setattr(database, "_threads", lambda purpose: threads)
    return threads


async def test_a_job_that_no_thread_takes_is_refused_and_never_done(short_wait: None) -> None:
    job = mock.Mock()
    async with a_job_that_hangs():
        with pytest.raises(DatabaseBusy):
            await asyncio.wait_for(in_database(job), DEADLINE_SECONDS)
    await in_database(lambda: None)
    job.assert_not_called()


async def test_a_write_that_has_begun_is_not_given_up(deadlines: list[Callable[[], None]]) -> None:
    """It may be committed: an error would be wrong."""
    assert await after_the_deadline(in_database, deadlines) == "done"


async def test_a_read_is_given_up_though_it_has_begun(deadlines: list[Callable[[], None]]) -> None:
    with pytest.raises(DatabaseBusy):
        await after_the_deadline(read_database, deadlines)


async def test_a_long_read_is_not_given_up(deadlines: list[Callable[[], None]]) -> None:
    assert await after_the_deadline(read_at_length, deadlines) == "done"


async def test_the_job_of_a_caller_who_was_cancelled_is_not_done() -> None:
    job = mock.Mock()
    async with a_job_that_hangs():
        caller = asyncio.ensure_future(in_database(job))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    await in_database(lambda: None)
    job.assert_not_called()


async def test_jobs_of_one_key_take_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    use_threads(monkeypatch, 2)
    done: list[str] = []
    async with a_job_that_hangs(in_turn, "s-1") as may_end:
        waiting = [asyncio.ensure_future(in_turn("s-1", done.append, f"s-1 {n}")) for n in range(4)]
        async with asyncio.timeout(DEADLINE_SECONDS):
            await in_turn("s-2", done.append, "s-2")
            await in_database(done.append, "no key")
        assert done == ["s-2", "no key"]
        may_end.set()
        await asyncio.gather(*waiting)
    assert done[2:] == [f"s-1 {n}" for n in range(4)]


async def test_who_waits_behind_a_lock_that_did_not_come_free_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_threads(monkeypatch, 2)
    may_fail, job = threading.Event(), mock.Mock()

    def wait_for_a_lock() -> None:
        may_fail.wait(60)
        raise OperationalError("canceling statement due to lock timeout") from LockNotAvailable()

    first = asyncio.ensure_future(in_turn("s-1", wait_for_a_lock))
    behind = [asyncio.ensure_future(in_turn("s-1", job)) for _ in range(3)]
    await asyncio.sleep(0)
    may_fail.set()
    outcomes = await asyncio.gather(first, *behind, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OperationalError, *[DatabaseBusy] * 3]
    job.assert_not_called()
    assert await in_turn("s-1", lambda: "done") == "done"


async def test_threads_tell_for_how_long_none_came_free(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = use_threads(monkeypatch, 1)
    assert threads.seconds_without_a_free_thread() == 0
    async with a_job_that_hangs():
        await until(lambda: threads.seconds_without_a_free_thread() > SHORT_SECONDS)
    await until(lambda: threads.seconds_without_a_free_thread() == 0)


async def test_whatever_a_lost_connection_raises_is_an_operational_error() -> None:

    def lose_it(error: Exception) -> None:
        connection.ensure_connection()
        raise error

    for error in (InterfaceError("the connection is closed"), InternalError("terminating connection")):
        error.__cause__ = IdleInTransactionSessionTimeout()
        with mock.patch.object(DatabaseWrapper, "is_usable", return_value=False), pytest.raises(OperationalError):
            await in_database(lose_it, error)
    assert await in_database(lambda: connection.connection) is None


async def test_a_connection_that_was_left_in_a_transaction_is_not_used_again() -> None:
    """All that follows would be part of that transaction, which nobody commits."""
    await in_database(lambda: connection.set_autocommit(False))
    assert await in_database(lambda: connection.get_autocommit())


END_WHILE_A_JOB_HANGS = """
import asyncio, threading, time
import django
django.setup()
from realtime.database import in_database

async def main():
    begun = threading.Event()
    task = asyncio.create_task(in_database(lambda: (begun.set(), time.sleep(60))))
    while not begun.is_set():
        await asyncio.sleep(0.01)

asyncio.run(main())
"""


def test_a_process_ends_whatever_its_database_threads_do() -> None:
    command = [sys.executable, "-c", END_WHILE_A_JOB_HANGS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert done.returncode == 0, done.stderr
