"""What one process runs for realtime: channel layer, relay, open streams, background jobs. One for each process."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer
from django.db import DatabaseError

from realtime import home, metrics
from realtime.batch import Batch
from realtime.database import data_version, read_database
from realtime.layers import DegradingChannelLayer
from realtime.log import numbering
from realtime.relay import Relay

if TYPE_CHECKING:
    from realtime.stream import Authorise, Stream, StreamRequest

logger = logging.getLogger(__name__)

RIGHTS_CHECK_SECONDS = 1.0
RIGHTS_EXPIRY_SECONDS = 30.0  # also when nothing was committed: a login ends by time, too
BackgroundJob = Callable[[], Awaitable[None]]


class Registry:
    """The open streams of this process, and the timers they share. Lives in the home loop."""

    def __init__(self) -> None:
        self.streams: dict[Stream, None] = {}
        self.now = time.monotonic()
        self._dirty: list[Stream] = []

    def add(self, stream: "Stream") -> None:
        self.streams[stream] = None
        metrics.STREAMS.set(len(self.streams))

    def remove(self, stream: "Stream") -> None:
        self.streams.pop(stream, None)
        metrics.STREAMS.set(len(self.streams))

    def flush_soon(self, stream: "Stream") -> None:
        """Write this stream's frames at the end of this turn of the loop, joined."""
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self.flush)
        self._dirty.append(stream)

    def flush(self) -> None:
        """Write what streams have to write."""
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, []
        self.now = time.monotonic()
        frames = 0
        for stream in dirty:
            try:
                frames += stream.flush()
            except Exception:
                logger.exception("a stream could not be written")
                with contextlib.suppress(Exception):  # the others are still to be written
                    stream.cut("error")
        metrics.DELIVERED.inc(frames)

    def notice(self, event_type: str, payload: dict[str, Any]) -> None:
        for stream in tuple(self.streams):
            stream.notice(event_type, payload)

    async def tick(self) -> None:
        """Each second keep quiet streams alive and cut off those that do not read."""
        while True:
            await asyncio.sleep(1)
            self.now = now = time.monotonic()
            for stream in tuple(self.streams):
                stream.tick(now)


class Process:
    """The realtime side of one process."""

    def __init__(self) -> None:
        channel_layer = get_channel_layer()
        if not isinstance(channel_layer, DegradingChannelLayer):
            raise TypeError("CHANNEL_LAYERS must name realtime.layers.DegradingChannelLayer")
        self.layer = channel_layer.layer
        self.registry = Registry()
        self.relay = Relay(self.layer, self.registry.flush, self._tell_degraded)
        self.is_draining = False
        self._started: asyncio.Future[None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._openings: dict[Any, Batch[StreamRequest, Any]] = {}

    async def start(self) -> None:
        """Start once; every caller waits until the first has."""
        if self._started is None:
            self._started = asyncio.get_running_loop().create_future()
            await self.relay.start()
            self.run_in_background(self.registry.tick)
            self.run_in_background(self._check_rights)
            if numbering.is_used():
                self.run_in_background(self._number_leftovers)
            self._started.set_result(None)
        await self._started

    def run_in_background(self, job: BackgroundJob) -> None:
        """Run a job until the process stops; one that fails is logged and started again."""
        self._tasks.append(asyncio.create_task(_keep_running(job), name=getattr(job, "__qualname__", "job")))

    async def stop(self) -> None:
        """Stop jobs and relay, send what is still to be sent, close the connections."""
        from realtime import publisher

        await publisher.flush()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        await self.relay.stop()
        await self.layer.close()

    def drain_streams(self) -> None:
        """End every stream, telling clients to come back at different moments; no new ones are opened."""
        self.is_draining = True
        for stream in tuple(self.registry.streams):
            stream.drain()

    async def authorise(self, authorise: "Authorise", request: "StreamRequest") -> Any:
        """What `authorise` grants, asked together with the other requests of the moment."""
        batch = self._openings.get(authorise)
        if batch is None:

            async def job(requests: Sequence["StreamRequest"]) -> Sequence[Any]:
                return await read_database(authorise, requests)

            batch = self._openings[authorise] = Batch(job)
        return await batch(request)

    async def _check_rights(self) -> None:
        checked_version, checked_at = None, 0.0
        while True:
            await asyncio.sleep(RIGHTS_CHECK_SECONDS * random.uniform(0.9, 1.0))
            with contextlib.suppress(DatabaseError):  # streams stay open while the database is away
                version = await read_database(data_version) if self.registry.streams else None
                if version != checked_version or time.monotonic() - checked_at > RIGHTS_EXPIRY_SECONDS:
                    checked_at = time.monotonic()
                    await self._end_streams_without_right()
                    checked_version = version

    async def _end_streams_without_right(self) -> None:
        by_rule: dict[Authorise, list[Stream]] = {}
        for stream in self.registry.streams:
            by_rule.setdefault(stream.route.authorise, []).append(stream)
        for authorise, streams in by_rule.items():
            granted = await read_database(authorise, [stream.request for stream in streams])
            for stream, channels in zip(streams, granted, strict=True):
                if channels != stream.channels:
                    metrics.STREAMS_ENDED.labels("rights").inc()
                    stream.end()

    async def _number_leftovers(self) -> None:
        """Number and publish what another process committed before it ended, or this one could not number."""
        from realtime import publisher

        while True:
            await asyncio.sleep(numbering.CHECK_SECONDS * random.uniform(0.8, 1.0))
            with contextlib.suppress(DatabaseError):
                if await read_database(numbering.is_waiting):
                    publisher.publish_waiting_soon()

    def tell_if_degraded(self, stream: "Stream") -> None:
        """Let a stream that opens know what the others were told. Without Redis by choice nothing is amiss."""
        if self.relay.degraded_since is not None:
            stream.notice("degraded", {"since": int(self.relay.degraded_since)})

    def _tell_degraded(self, since: float | None) -> None:
        kind, since = ("recovered", time.time()) if since is None else ("degraded", since)
        self.registry.notice(kind, {"since": int(since)})


async def _keep_running(job: BackgroundJob) -> None:
    while True:
        try:
            await job()
            return
        except Exception:
            logger.exception("background job failed, starting it again")
            await asyncio.sleep(1)


_current: Process | None = None
_current_loop: asyncio.AbstractEventLoop | None = None


def current() -> Process:
    """This process's runtime, made at the first call. Nothing is started by it."""
    global _current, _current_loop
    loop = home.loop()
    if _current is None or _current_loop is not loop:
        _current, _current_loop = Process(), loop
    return _current


async def start() -> Process:
    """This process's runtime, started. The calling loop becomes the home loop if there is none."""
    home.adopt_running_loop()
    process = current()
    await home.run_at_home(process.start())
    return process
