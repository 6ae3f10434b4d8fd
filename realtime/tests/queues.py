"""What the tests of queues share."""

import asyncio
from typing import Any

import pytest

from realtime import database, sse
from realtime.api import asend_to_session
from realtime.process import Process
from realtime.tests.conftest import until

WITHIN_SECONDS = 20.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No queues of other tests, and no limit that a busy machine could reach."""
    monkeypatch.setattr(database, "MAX_PAUSE_SECONDS", WITHIN_SECONDS)
    monkeypatch.setattr(database.Pauses, "may_begin_at", 0.0)
    monkeypatch.setattr(sse, "_queues", {})


async def take(queue: sse.SSEQueue, count: int) -> list[Any]:
    """The `i` of the next payloads."""
    async with asyncio.timeout(WITHIN_SECONDS):
        return [(await queue.get())["i"] for _ in range(count)]


async def send(*numbers: int) -> None:
    """Send as somebody else does."""
    for i in numbers:
        await asend_to_session("s-1", "tick", {"i": i})


def subscribers(process: Process) -> int:
    return sum(len(feed.subscribers) for feed in process.relay.feeds.values())


async def waiting_get(queue: sse.SSEQueue, process: Process) -> asyncio.Task[Any]:
    """A `get` that waits for what is not there yet."""
    task = asyncio.create_task(queue.get())
    await until(lambda: subscribers(process) and queue._cursor._waiting and not queue._cursor._may_be_more)
    return task
