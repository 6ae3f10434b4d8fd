"""What one process runs for realtime, and how its parts know each other. The only module that knows all of them."""

import asyncio
import atexit
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.layers import get_channel_layer

from realtime import home
from realtime.delivery.catch_up import CatchUp
from realtime.delivery.numberer import Numberer
from realtime.delivery.opening import Opening
from realtime.delivery.publisher import Publisher
from realtime.delivery.relay import Relay
from realtime.delivery.replay import Parts
from realtime.layers import DegradingChannelLayer
from realtime.log import numbering
from realtime.stream.limits import StreamLimits
from realtime.stream.open_streams import OpenStreams
from realtime.stream.rights import Rights

logger = logging.getLogger(__name__)

EXIT_FLUSH_SECONDS = 1.0
STEP_LIMIT_SECONDS = 1.0  # of a stop

BackgroundJob = Callable[[], Awaitable[None]]


class Process:
    """The realtime side of one process. Making it starts nothing."""

    def __init__(self, here: home.Home) -> None:
        channel_layer = get_channel_layer()
        if not isinstance(channel_layer, DegradingChannelLayer):
            raise TypeError("CHANNEL_LAYERS must name realtime.layers.DegradingChannelLayer")
        self.layer = channel_layer.layer
        self.catch_up = CatchUp(self.layer)
        self.relay = Relay(self.layer, self.catch_up.soon)
        self.publisher = Publisher(here.loop, self.relay, self.layer)
        self.numberer = Numberer(here.loop, self.publisher)
        self.opening = Opening(self.relay)
        self.parts = Parts()
        self.streams = OpenStreams(self.parts)
        self.limits = StreamLimits()
        self.rights = Rights(self.streams)
        self._started: asyncio.Future[None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        """Start once; every caller waits until the first has."""
        if self._started is None:
            self._started = asyncio.get_running_loop().create_future()
            await self.layer.open(self.relay)
            self.run_in_background(self._catch_up)
            self.run_in_background(self.streams.tick)
            self.run_in_background(self.rights.keep_checking)
            if numbering.is_used():
                self.run_in_background(self.numberer.run)
            self._started.set_result(None)
        await self._started

    async def _catch_up(self) -> None:
        await self.catch_up.run(self.relay)

    def run_in_background(self, job: BackgroundJob) -> None:
        """Run a job until the process stops; one that fails is logged and started again."""
        self._tasks.append(asyncio.create_task(_keep_running(job), name=getattr(job, "__qualname__", "job")))

    async def flush(self) -> None:
        """Wait until everything that was committed so far has its number and has been sent or given up."""
        await self.numberer.flush()
        await self.publisher.flush()

    async def stop(self) -> None:
        """Send what is unsent, stop the jobs, close the connections.

        Does not wait for a database that hangs: what is not sent is in the log.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP_LIMIT_SECONDS):
                await self.flush()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STEP_LIMIT_SECONDS)
        await self.layer.close()


async def _keep_running(job: BackgroundJob) -> None:
    while True:
        try:
            await job()
            return
        except Exception:
            logger.exception("background job failed, starting it again")
            await asyncio.sleep(1)


def current() -> Process:
    """This process's realtime side, made at the first call."""
    return home.current().the(Process)


async def start() -> Process:
    """The same, started. The calling loop becomes the home loop if there is none."""
    here = home.adopt_running_loop()
    process = here.the(Process)
    await here.run(process.start())
    return process


@atexit.register
def _flush_at_exit() -> None:
    """Send what a command committed right before its end, so that other processes do not have to find it in the log."""
    here = home.existing()
    process = here.existing(Process) if here is not None and here.loop.is_running() else None
    if here is None or process is None:
        return
    with contextlib.suppress(Exception):
        asyncio.run_coroutine_threadsafe(process.flush(), here.loop).result(EXIT_FLUSH_SECONDS)
        if process.numberer.is_more_waiting:
            process.numberer.number()
            asyncio.run_coroutine_threadsafe(process.flush(), here.loop).result(EXIT_FLUSH_SECONDS)
