"""What a link to Redis does with faults of those above and below it."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

import pytest

from realtime.layers.protocol import Message, Receiver
from realtime.layers.redis.layer import RedisLayer
from realtime.layers.redis.link import CANCEL_SECONDS, Link


class Broken(Receiver):
    def take(self, messages: Sequence[Message]) -> None:
        raise LookupError

    def link_changed(self, degraded_since: float | None) -> None:
        pass


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
