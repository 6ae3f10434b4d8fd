"""The open streams of this process, and what is done to all of them."""

import asyncio
import logging
from collections.abc import Iterator

from django.db import DatabaseError

from realtime import metrics
from realtime.database import log_fault
from realtime.delivery.replay import Parts
from realtime.groups import Channel
from realtime.stream.request import Authorise, StreamRequest
from realtime.stream.stream import RETRY_MS, Stream, replay

logger = logging.getLogger(__name__)


class OpenStreams:
    """Lives in the home loop."""

    def __init__(self, parts: Parts) -> None:
        self.all: dict[Stream, None] = {}
        self.is_draining = False
        self._parts = parts
        self._replays: set[asyncio.Task[None]] = set()

    def add(self, stream: Stream) -> None:
        """Keep a stream, and have it written what it missed."""
        self.all[stream] = None
        metrics.STREAMS.set(len(self.all))
        if stream.replay is not None:
            task = asyncio.create_task(self._replay(stream), name="replay")
            self._replays.add(task)
            task.add_done_callback(self._replays.discard)

    async def _replay(self, stream: Stream) -> None:
        try:
            await replay(stream, self._parts)
        except DatabaseError as error:
            log_fault(logger, error, "a replay is given up, the client will go on with it")
            stream.end(RETRY_MS)
        except Exception:
            logger.exception("a stream could not be replayed")
            stream.fail()

    def remove(self, stream: Stream) -> None:
        self.all.pop(stream, None)
        metrics.STREAMS.set(len(self.all))

    def requests_of(self, rule: Authorise) -> Iterator[StreamRequest]:
        """What was asked for by each open stream that this rule has granted."""
        return (stream.request for stream in self.all if stream.authorise is rule)

    def grants_of(self, rule: Authorise) -> Iterator[tuple[StreamRequest, tuple[Channel, ...]]]:
        """The same, with the channels that each of these streams reads."""
        return ((stream.request, stream.channels) for stream in self.all if stream.authorise is rule)

    async def tick(self) -> None:
        """Each second keep quiet streams alive and cut off those that do not read."""
        while True:
            await asyncio.sleep(1)
            for stream in tuple(self.all):
                stream.tick()

    def drain(self) -> None:
        """End every stream, telling clients to come back at different moments; no new ones are opened."""
        self.is_draining = True
        for stream in tuple(self.all):
            stream.drain()
