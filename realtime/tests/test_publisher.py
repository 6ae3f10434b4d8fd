"""Committed events reach the home loop with as few interruptions as can be."""

import asyncio
import threading
from collections.abc import Sequence
from unittest import mock

import pytest

from realtime import process
from realtime.events import Envelope
from realtime.layers.protocol import Message
from realtime.process import Process
from realtime.tests.conftest import until


def envelopes(count: int) -> list[Envelope]:
    return [Envelope("sse_broadcast", "tick", None, b"{}") for _ in range(count)]


@pytest.fixture
def carried(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What the layer is handed."""
    taken: list[Message] = []
    publish = in_memory.layer.publish

    def record(messages: Sequence[Message]) -> asyncio.Future[Sequence[Message]]:
        taken.extend(messages)
        return publish(messages)

    monkeypatch.setattr(in_memory.layer, "publish", record)
    return taken


async def test_what_is_committed_before_the_loop_wakes_needs_no_second_call(
    carried: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    wake = mock.Mock(wraps=loop.call_soon_threadsafe)
    monkeypatch.setattr(loop, "call_soon_threadsafe", wake)
    committed = envelopes(3)

    def commit() -> None:
        for each in committed:
            process.current().publisher.publish([each])

    thread = threading.Thread(target=commit)
    thread.start()
    thread.join()  # the loop waits here
    assert wake.call_count == 1
    await until(lambda: carried == [(each.channel, each.data) for each in committed])


async def test_the_next_commit_wakes_the_loop_again(carried: list[Message]) -> None:
    for count in (1, 2):
        await asyncio.to_thread(process.current().publisher.publish, envelopes(1))
        await until(lambda count=count: len(carried) == count)  # type: ignore[misc]
