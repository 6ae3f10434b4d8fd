"""Threads for database work: they take jobs from async callers in order, and every wait for them has a limit."""

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from django.db import OperationalError, connections

T = TypeVar("T")

LOCK_NOT_AVAILABLE = "55P03"
END_SECONDS = 5.0


class DatabaseBusy(OperationalError):
    """The database did not get to this job in time; nothing was done."""


def sqlstate_of(error: BaseException | None) -> str | None:
    """PostgreSQL's code of an error that Django raised."""
    return getattr(getattr(error, "__cause__", None), "sqlstate", None)


def is_lock_timeout(error: BaseException | None) -> bool:
    """Whether PostgreSQL ended a statement since somebody held a lock for too long."""
    return sqlstate_of(error) == LOCK_NOT_AVAILABLE


class Job(Generic[T]):
    """A call for a database thread. Either the thread claims it, to run it, or the caller, who waits no longer."""

    def __init__(self, call: Callable[[], T], key: str | None) -> None:
        self.key = key
        self.outcome = self._make_outcome()
        self._call = call
        self._claim = threading.Lock()

    def _make_outcome(self) -> Any:
        return asyncio.get_running_loop().create_future()

    def claim(self) -> bool:
        """Whether this call is the first; only the first one may run or refuse the job."""
        return self._claim.acquire(blocking=False)

    def run(self) -> BaseException | None:
        """On a thread, which has claimed it: do it, and return what it raised."""
        try:
            result = self._call()
        except BaseException as error:  # noqa: BLE001  handed to the caller
            self._tell(self._fail, error)
            return error
        self._tell(self._succeed, result)
        return None

    def refuse(self, error: OperationalError) -> None:
        """Give the caller an error, if it still waits. In any thread."""
        self._tell(self._fail, error)

    def give_up(self) -> None:
        """In the caller's loop: refuse it if no thread has begun it."""
        if self.claim():
            self._fail(DatabaseBusy("no database thread came free in time"))

    def stop_waiting(self) -> None:
        """In the caller's loop: refuse it, begun or not. Only for a job that changes nothing."""
        self.claim()
        self._fail(DatabaseBusy("the database did not answer in time"))

    def _tell(self, settle: Callable[[Any], None], value: object) -> None:
        with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits any more
            self.outcome.get_loop().call_soon_threadsafe(settle, value)

    def _succeed(self, result: T) -> None:
        if not self.outcome.done():
            self.outcome.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class BlockingJob(Job[T]):
    """A Job of code that cannot await: its outcome is a concurrent.futures.Future."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(call, key=None)

    def _make_outcome(self) -> Any:
        return Future()

    def _tell(self, settle: Callable[[Any], None], value: object) -> None:
        settle(value)


class Threads:
    """A few threads that take jobs in order. They are daemons: a process that ends does not wait for the database."""

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self.size = size
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0
        self._came_free_at = 0.0  # when a thread last ended a job, or the first thread was taken
        self._in_turn: dict[str, deque[Job[Any]]] = {}  # {key of a job that runs: the jobs that wait for it}

    def put(self, job: Job[Any]) -> None:
        """Have a job done, after those of its key that came before it."""
        with self._lock:
            if job.key is not None:
                if (waiting := self._in_turn.get(job.key)) is not None:
                    waiting.append(job)
                    return
                self._in_turn[job.key] = deque()
            self._queue(job)

    def seconds_without_a_free_thread(self) -> float:
        """For how long all of them have been at work without one ending its job."""
        with self._lock:
            return time.monotonic() - self._came_free_at if self._unfinished >= self.size else 0.0

    def is_idle(self) -> bool:
        with self._lock:
            return self._unfinished == 0

    def close(self) -> None:
        """End the threads once their queue is empty; each closes its connection."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(END_SECONDS)

    def _queue(self, job: Job[Any]) -> None:
        self._unfinished += 1
        if self._unfinished <= self.size:
            self._came_free_at = time.monotonic()
        if len(self._threads) < min(self._unfinished, self.size):
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            error = job.run() if job.claim() else None
            self._finish(job.key, is_locked=is_lock_timeout(error))
            del job, error  # an idle thread keeps nothing of the last request
        connections.close_all()

    def _finish(self, key: str | None, *, is_locked: bool) -> None:
        """Begin the next job of this key. If the last one got no lock in time, refuse those behind it."""
        with self._lock:
            self._unfinished -= 1
            self._came_free_at = time.monotonic()
            if key is None:
                return
            waiting = self._in_turn[key]
            if waiting and not is_locked:
                self._queue(waiting.popleft())
                return
            del self._in_turn[key]
        for job in waiting:
            if job.claim():
                job.refuse(DatabaseBusy("what it would change is locked"))
