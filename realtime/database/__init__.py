"""Database work from async code, on long-lived threads that keep their connection.

Under ASGI every request that touches the database in Django's own way gets a thread and a connection of its own:
270 messages/s on one core, where one long-lived thread does 350 to 900.

Every wait has a limit: a job that no thread takes in time is refused and never runs; one that has begun is bounded by
the limits of its connection (config/env.py).
"""

import asyncio
import functools
import json
import logging
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection, connections
from django.utils.translation import get_language, override

from realtime import metrics
from realtime.database.threads import BlockingJob, DatabaseBusy, Job, Threads, sqlstate_of
from realtime.throttled_log import ThrottledLog

P = ParamSpec("P")
T = TypeVar("T")

# SQLite has one writer: a second writing thread would only wait for its lock. Readers do not wait for it.
SQLITE_THREADS = 1
POSTGRES_THREADS = 4
# A job that has waited so long for a thread is refused: requests do not pile up behind a locked database.
MAX_WAIT_SECONDS = 3.0
# How long code that cannot await may block its thread, which may be an event loop's. After that such code is refused
# for a while, so that a database that hangs takes a fifth of the loop's time and not all of it.
MAX_PAUSE_SECONDS = 0.25
NEXT_PAUSE_SECONDS = 1.0
# PostgreSQL's serialization_failure and deadlock_detected: it has undone the transaction, which may succeed next time.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})
MAX_ATTEMPTS = 3
# What a process gets that was stopped in a transaction and goes on: an InternalError, though its connection is gone.
IDLE_IN_TRANSACTION_TIMEOUT = "25P03"
# Before the second attempt; ten times as long before the third. The other transaction must get the lock first: a
# counter row that does not exist yet has no queue of waiters, so a victim that comes back at once is the victim again.
DEADLOCK_PAUSE_SECONDS = 0.01

# What says that the database does not answer, or refuses for now.
UNAVAILABLE = (OperationalError, InterfaceError)

logger = logging.getLogger(__name__)

_faults = ThrottledLog()


def log_fault(logger: logging.Logger, error: BaseException, message: str, *args: Any) -> None:
    """Log that the database failed: one entry a minute for the whole process, however many callers it failed."""
    text = str(error).partition("\n")[0][:200]
    _faults.warning(logger, f"{message}: %s: %s", *args, type(error).__name__, text)


@functools.cache
def _threads(purpose: str) -> Threads:
    size = SQLITE_THREADS if connection.vendor == "sqlite" else POSTGRES_THREADS
    return Threads(f"database-{purpose}", size)


class FaultsOfRequests(logging.Filter):
    """A filter of Django's log of failed requests: failures of the database are logged by log_fault instead.

    An answer of 503 is dropped: the code that gave it has logged the reason.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", None) == HTTPStatus.SERVICE_UNAVAILABLE:
            return False
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, UNAVAILABLE):
            return True
        log_fault(logger, error, "%s", record.getMessage())
        return False


def close_connections() -> None:
    """End all database threads with their connections, before a test database is dropped."""
    for purpose in ("read", "write"):
        _threads(purpose).close()
    _threads.cache_clear()


def is_idle() -> bool:
    """Whether no database thread has anything to do."""
    return all(_threads(purpose).is_idle() for purpose in ("read", "write"))


def seconds_without_a_writer() -> float:
    """For how long no thread for writing has come free; 0 while one is."""
    return _threads("write").seconds_without_a_free_thread()


async def in_database(job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `job` on a database thread and return what it returns. The job opens its own transaction if it needs one.

    A job whose transaction lost a deadlock is run again (retry_on_deadlock): what it did before must be repeatable.
    Raises DatabaseBusy, an OperationalError, if no thread got to it within MAX_WAIT_SECONDS: then it never runs.
    """
    return await _run_on("write", functools.partial(job, *args, **kwargs))


async def in_turn(key: str, job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As in_database, for a job that locks what `key` names: one of a key at a time.

    Side by side they would wait for each other's lock; if another process holds it, they would occupy all threads.
    """
    return await _run_on("write", functools.partial(job, *args, **kwargs), key)


async def read_database(job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As in_database, for a job that only reads: it does not wait behind those that wait for SQLite's write lock.

    Raises DatabaseBusy also if a thread has begun it and does not end within MAX_WAIT_SECONDS.
    """
    return await _run_on("read", functools.partial(job, *args, **kwargs))


async def read_at_length(job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As read_database, for a job that may take long once it has begun."""
    return await _run_on("read", functools.partial(job, *args, **kwargs), is_long=True)


async def _run_on(purpose: str, call: Callable[[], T], key: str | None = None, *, is_long: bool = False) -> T:
    job: Job[T] = Job(functools.partial(_run, call, get_language()), key)
    at_deadline = job.give_up if is_long or purpose == "write" else job.stop_waiting
    timer = asyncio.get_running_loop().call_later(MAX_WAIT_SECONDS, at_deadline)
    _threads(purpose).put(job)
    try:
        outcome: T = await job.outcome
        return outcome
    finally:
        timer.cancel()
        job.claim()  # a caller that was cancelled no longer wants it


def in_database_now(job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """As in_database, for code that cannot await; prefer that: the calling thread waits, MAX_PAUSE_SECONDS at most.

    Returns a future that has ended, or will soon. Raises DatabaseBusy if the job could not be begun in time.
    """
    return _pause_for("write", functools.partial(job, *args, **kwargs))


def read_now(job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As read_database, for code that cannot await; prefer that: the calling thread waits, MAX_PAUSE_SECONDS at most.

    Raises DatabaseBusy if there is no answer in time.
    """
    answer = _pause_for("read", functools.partial(job, *args, **kwargs))
    if not answer.done():
        raise DatabaseBusy("the database does not answer in time")
    return answer.result()


class Pauses:
    """When code that cannot await may hold up its thread again."""

    may_begin_at = 0.0


def _pause_for(purpose: str, job: Callable[[], T]) -> Future[T]:
    if time.monotonic() < Pauses.may_begin_at:
        raise DatabaseBusy("the database is busy")
    blocking: BlockingJob[T] = BlockingJob(functools.partial(_run, job, get_language()))
    _threads(purpose).put(blocking)
    if wait([blocking.outcome], MAX_PAUSE_SECONDS).not_done:
        Pauses.may_begin_at = time.monotonic() + NEXT_PAUSE_SECONDS
        if blocking.claim():
            raise DatabaseBusy("the database is busy")
    outcome: Future[T] = blocking.outcome
    return outcome


def data_version() -> str:
    """A text that changes with every commit of another connection, and costs microseconds to read.

    For a job of read_database: on SQLite it belongs to the connection, and there is one for all reading. On PostgreSQL
    it is the snapshot: two that are equal see the same transactions. Other databases' transactions change it, too.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version" if connection.vendor == "sqlite" else "SELECT pg_current_snapshot()::text")
        return str(cursor.fetchone()[0])


def among(values: Iterable[str] | Iterable[int]) -> tuple[str, Any]:
    """The condition that a column is one of these, and its parameter: one for any number of values.

    The ORM's IN has one for each: to compile it takes 10 ms for 5,000.
    """
    if connection.vendor == "postgresql":
        return "= ANY(%s)", list(values)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(values))


def retry_on_deadlock(job: Callable[[], T]) -> T:
    """Run a job, and again if its transaction is the victim of a deadlock: MAX_ATTEMPTS times at most.

    Once only inside the caller's transaction: the database has undone all of it, so only its owner can repeat it.
    """
    for attempt in range(MAX_ATTEMPTS - 1):
        try:
            return job()
        except OperationalError as error:
            if connection.in_atomic_block or sqlstate_of(error) not in RETRYABLE_SQLSTATES:
                raise
            metrics.DEADLOCKS.inc()
        time.sleep(DEADLOCK_PAUSE_SECONDS * 10**attempt * random.uniform(1, 2))
    return job()


def _run(call: Callable[[], T], language: str | None) -> T:
    try:
        with override(language):  # of the request: a thread does not know it
            return retry_on_deadlock(call)
    except (*UNAVAILABLE, InternalError) as error:
        for each in connections.all(initialized_only=True):
            if not each.in_atomic_block and not each.is_usable():
                each.close()  # the next job opens a fresh one
        if isinstance(error, InterfaceError) or sqlstate_of(error) == IDLE_IN_TRANSACTION_TIMEOUT:
            raise OperationalError(f"the connection was lost: {error}") from error
        raise
    finally:
        # A connection left in a transaction would swallow the next ones: Django takes them for parts of it and commits
        # none. A connection is left so if the end of a transaction fails after its commit.
        for each in connections.all(initialized_only=True):
            if not each.autocommit:
                each.close()
