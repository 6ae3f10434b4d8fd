"""A Batch with a pause: whoever comes alone is answered at once, those who come meanwhile together."""

import asyncio
import time
from collections.abc import Sequence

from realtime.database.batch import Batch
from realtime.tests.conftest import until

PAUSE_SECONDS = 0.2
NEVER = 3600.0


class Job:
    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []

    async def __call__(self, keys: Sequence[int]) -> Sequence[int]:
        self.calls.append(tuple(keys))
        return keys


async def test_a_pause_lies_between_two_jobs() -> None:
    batch = Batch(job := Job(), pause_seconds=PAUSE_SECONDS)
    began = time.monotonic()
    assert await batch(1) == 1
    tasks = [asyncio.ensure_future(batch(2))]
    await asyncio.sleep(0)
    tasks.append(asyncio.ensure_future(batch(3)))
    assert await asyncio.gather(*tasks) == [2, 3]
    assert time.monotonic() - began >= PAUSE_SECONDS
    assert job.calls == [(1,), (2, 3)]


async def test_there_is_none_while_as_many_wait_as_a_job_takes() -> None:
    batch = Batch(job := Job(), most=2, pause_seconds=NEVER)
    tasks = [asyncio.ensure_future(batch(number)) for number in range(5)]
    await until(lambda: len(job.calls) == 2)
    assert job.calls == [(0, 1), (2, 3)]
    tasks[4].cancel()
    assert await asyncio.gather(*tasks[:4]) == [0, 1, 2, 3]
    batch._worker.cancel()  # type: ignore[union-attr]
