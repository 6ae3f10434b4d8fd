"""What a link to Redis does with faults of those above and below it."""

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from realtime.layers.protocol import Message, Receiver
from realtime.layers.redis.connection import RedisConnection
from realtime.layers.redis.layer import RedisLayer
from realtime.layers.redis.link import CANCEL_SECONDS, Link
from realtime.tests.conftest import until

MAX_REPLIES_IN_A_TURN = 100


class Broken(Receiver):
    def take(self, messages: Sequence[Message]) -> None:
        raise LookupError

    def link_changed(self, degraded_since: float | None) -> None:
        pass


class Turns:
    """Counts the turns of the loop; notes in which one each reply came."""

    def __init__(self) -> None:
        self.replies: list[Any] = []
        self.sizes: Counter[int] = Counter()
        self._turn = 0
        self._pass()

    def _pass(self) -> None:
        self._turn += 1
        asyncio.get_running_loop().call_soon(self._pass)

    def replied(self, replies: Sequence[Any]) -> None:
        self.replies += replies
        self.sizes[self._turn] += len(replies)

    def lost(self, error: BaseException) -> None:
        """As the test ends it."""


async def test_a_receiver_that_fails_does_not_end_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    """What left this call would make asyncio close the connection that it is called from."""
    layer = RedisLayer([{"address": "redis://127.0.0.1:1"}])
    layer._receiver = Broken()
    with caplog.at_level(logging.ERROR):
        layer.links[0]._take([("sse:session:s-1", b"{}")])
    assert "could not take what redis brought" in caplog.text


async def test_closing_ends_a_watch_that_swallows_its_cancellation() -> None:
    """As redis-py may while it connects."""
    link = Link({"address": "redis://127.0.0.1:1"}, lambda messages: None, lambda: None)

    async def connect() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    watch = link._watch = asyncio.create_task(connect())
    await asyncio.sleep(0)
    async with asyncio.timeout(20 * CANCEL_SECONDS):
        await link.close()
    assert watch.cancelled()


async def test_a_burst_is_handed_over_in_parts_between_which_the_loop_turns() -> None:
    """Else nothing of it would leave a stream's connection before all of it was put in."""
    owner, count = Turns(), 1_000
    ours, theirs = socket.socketpair()
    connection = RedisConnection(owner)
    with theirs:
        loop = asyncio.get_running_loop()
        connection._transport, _ = await loop.connect_accepted_socket(lambda: connection, ours)
        theirs.sendall(b"".join(b":%d\r\n" % i for i in range(count)))
        await until(lambda: len(owner.replies) == count)
        connection._transport.abort()
    assert owner.replies == list(range(count))
    assert max(owner.sizes.values()) <= MAX_REPLIES_IN_A_TURN
