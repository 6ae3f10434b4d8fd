"""Streams of a process that stops: each ends, and its client comes back."""

import asyncio
from typing import Any

import pytest

from realtime.delivery.feed import Subscriber
from realtime.delivery.opening import Positions, Start
from realtime.process import Process
from realtime.serving.routes import StreamRoute
from realtime.tests.conftest import DEADLINE_SECONDS, until
from realtime.tests.test_stream import Client, connected, grant_session

pytestmark = pytest.mark.django_db(transaction=True)


async def test_draining_tells_clients_to_come_back(in_memory: Process) -> None:
    async with connected(Client()) as client:
        in_memory.streams.drain()
        await until(lambda: client.is_over)
    assert client.body.rstrip().rsplit(b"\n", 1)[-1].startswith(b"retry: ")


async def test_a_stream_that_is_being_opened_when_the_process_drains_ends(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not among those that are told to end: without a look at its own end it would hold the process."""
    reading, may_read = asyncio.Event(), asyncio.Event()
    subscribe = in_memory.opening.subscribe

    async def subscribe_late(subscriber: Subscriber, positions: Positions) -> dict[str, Start]:
        reading.set()
        await may_read.wait()
        return await subscribe(subscriber, positions)

    monkeypatch.setattr(in_memory.opening, "subscribe", subscribe_late)
    client = Client()
    opening = asyncio.create_task(StreamRoute(grant_session)(client.scope, client.receive, client.send))
    await reading.wait()
    in_memory.streams.drain()
    may_read.set()
    await asyncio.wait_for(opening, DEADLINE_SECONDS)
    assert client.status == 200
    assert client.body.startswith(b"retry: ")
    assert not any(feed.subscribers for feed in in_memory.relay.feeds.values())


async def test_a_stream_whose_head_is_being_written_when_the_process_drains_ends(in_memory: Process) -> None:
    client = Client()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            in_memory.streams.drain()
        await client.send(message)

    await asyncio.wait_for(StreamRoute(grant_session)(client.scope, client.receive, send), DEADLINE_SECONDS)
    assert client.is_over
    assert client.body.startswith(b"retry: ")
    assert not in_memory.streams.all
