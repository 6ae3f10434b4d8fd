"""Database work from async code, on long-lived threads that keep their connection.

Under ASGI every request that touches the database in Django's own way gets a thread and a connection of its own:
270 messages/s on one core, where one long-lived thread does 350 to 900.
"""

import asyncio
import functools
import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, connections
from django.utils.translation import get_language, override

from realtime import metrics

P = ParamSpec("P")
T = TypeVar("T")

# SQLite has one writer: a second writing thread would only wait for its lock. Readers do not wait for it.
SQLITE_THREADS = 1
POSTGRES_THREADS = 4
# What has waited for a thread so long is refused, so that a locked database cannot pile requests up.
MAX_WAIT_SECONDS = 3.0
# PostgreSQL's serialization_failure and deadlock_detected: it has undone the transaction, which may succeed next time.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})
MAX_ATTEMPTS = 3


class DatabaseBusy(OperationalError):
    """The database did not get to this job in time; nothing was done."""


def close_connections() -> None:
    """Close the connections of all database threads: before a test database goes, or a process forks."""
    for purpose in ("read", "write"):
        threads = _threads(purpose)
        barrier = threading.Barrier(threads._max_workers)
        for done in [threads.submit(_close_connection, barrier) for _ in range(threads._max_workers)]:
            done.result()


def _close_connection(barrier: threading.Barrier) -> None:
    barrier.wait(MAX_WAIT_SECONDS)  # so that each thread takes one of the jobs
    connections.close_all()


@functools.cache
def _threads(purpose: str) -> ThreadPoolExecutor:
    size = SQLITE_THREADS if connection.vendor == "sqlite" else POSTGRES_THREADS
    return ThreadPoolExecutor(size, thread_name_prefix=f"database-{purpose}")


async def in_database(job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `job` on a database thread and return what it returns. The job opens its own transaction if it needs one.

    A job whose transaction lost a deadlock is run again (retry_on_deadlock); what it does before that must bear it.
    Raises DatabaseBusy, an OperationalError, if no thread got to it within MAX_WAIT_SECONDS.
    """
    return await _run_on("write", functools.partial(job, *args, **kwargs))


async def read_database(job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As in_database, for a job that only reads: it does not wait behind those that wait for SQLite's write lock."""
    return await _run_on("read", functools.partial(job, *args, **kwargs))


async def _run_on(purpose: str, job: Callable[[], T]) -> T:
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    call = functools.partial(_run, job, get_language(), deadline)
    return await asyncio.get_running_loop().run_in_executor(_threads(purpose), call)


def data_version() -> str:
    """A text that changes with every commit of another connection, and costs microseconds to read.

    For a job of read_database: on SQLite it belongs to the connection, and there is one for all reading. On PostgreSQL
    it is the snapshot: two that are equal see the same transactions. Other databases' transactions change it, too.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version" if connection.vendor == "sqlite" else "SELECT pg_current_snapshot()::text")
        return str(cursor.fetchone()[0])


def among(values: Iterable[str]) -> tuple[str, Any]:
    """The condition that a column is one of these, and its parameter: one for any number of values.

    The ORM's IN has one for each: to compile it takes 10 ms for 5,000.
    """
    if connection.vendor == "postgresql":
        return "= ANY(%s)", list(values)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(values))


def retry_on_deadlock(job: Callable[[], T]) -> T:
    """Run a job, at most MAX_ATTEMPTS times while the database undoes its transaction for the sake of another one.

    Inside the caller's transaction once only: all of that is undone, so only its owner can begin anew.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return job()
        except OperationalError as error:
            if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", None) not in RETRYABLE_SQLSTATES:
                raise
            metrics.DEADLOCKS.inc()
    return job()


def _run(job: Callable[[], T], language: str | None, deadline: float) -> T:
    if time.monotonic() > deadline:
        raise DatabaseBusy("the database is busy")
    try:
        with override(language):  # of the request: a thread does not know it
            return retry_on_deadlock(job)
    except (OperationalError, InterfaceError):
        for each in connections.all(initialized_only=True):
            if not each.in_atomic_block and not each.is_usable():
                each.close()  # the next job opens a fresh one
        raise
