"""Collect what many callers want while a database job runs into the next job: a storm costs a few queries."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MAX_BATCH = 1_000


class Batch(Generic[K, V]):
    """Call it with one key, get its value; `job` is called with all keys that wait, `most` at once. Lives in one event
    loop.

    `pause_seconds` lie between two calls of `job`, unless `most` keys wait: one that comes alone is answered at once,
    of many that come all the time each waits for others.

    If the job raises, every caller of that batch gets the exception. Keys whose callers were cancelled are left out.
    """

    def __init__(
        self,
        job: Callable[[Sequence[K]], Awaitable[Sequence[V]]],
        most: int = MAX_BATCH,
        *,
        pause_seconds: float = 0,
    ) -> None:
        self._job = job
        self._most = most
        self._pause_seconds = pause_seconds
        self._due_at = 0.0
        self._waiting: list[tuple[K, asyncio.Future[V]]] = []
        self._worker: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether every caller has been answered."""
        return self._worker is None or self._worker.done()

    async def __call__(self, key: K) -> V:
        future: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._seconds_to_wait())  # if 0, the callers of this loop turn join
            self._due_at = time.monotonic() + self._pause_seconds
            waiting = [(key, future) for key, future in self._waiting if not future.done()]
            part, self._waiting = waiting[: self._most], waiting[self._most :]
            if part:
                await self._answer(part)

    def _seconds_to_wait(self) -> float:
        return max(0.0, self._due_at - time.monotonic()) if len(self._waiting) < self._most else 0.0

    async def _answer(self, part: Sequence[tuple[K, "asyncio.Future[V]"]]) -> None:
        try:
            values = await self._job([key for key, _ in part])
        except Exception as error:  # noqa: BLE001  handed to the callers
            for _, future in part:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), value in zip(part, values, strict=True):
            if not future.done():
                future.set_result(value)
