"""From the log to the relay: gaps as soon as they are seen, and at intervals events of which no copy came."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping

from django.db import DatabaseError

from realtime import log
from realtime.database import data_version, log_fault, read_database
from realtime.delivery.feed import Feed, Mark
from realtime.delivery.relay import Relay
from realtime.events import Envelope
from realtime.layers.protocol import Layer
from realtime.log import Head

logger = logging.getLogger(__name__)

# One side alone may have lost Redis without knowing; the last message of a burst leaves no gap behind it.
SAFETY_READ_SECONDS = 0.5
DEGRADED_READ_SECONDS = 0.25
CHANNELS_A_READ = 100  # of each, at most 500 events: what one read holds in memory stays bounded


class CatchUp:
    """One job that reads the log for all feeds: soon after a gap, else twice a second, four times while degraded."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._wanted = asyncio.Event()
        self._version_read: str | None = None

    def soon(self) -> None:
        """Have the log read in the next turn of the loop; all feeds that need it then share one read."""
        self._wanted.set()

    async def run(self, relay: Relay) -> None:
        """Keep the relay's feeds up to date, for as long as the process lives."""
        while True:
            pause = SAFETY_READ_SECONDS if self._layer.reaches_others else DEGRADED_READ_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(0.8, 1.0)):
                    await self._wanted.wait()
            self._wanted.clear()
            relay.leave_idle_channels()
            try:
                await self._catch_up(relay)
            except DatabaseError as error:
                log_fault(logger, error, "the log cannot be read, will try again")
            except Exception:
                logger.exception("safety read failed")

    async def _catch_up(self, relay: Relay) -> None:
        """Read the log for feeds that need it, and, if anything was committed, for channels that moved."""
        version = await read_database(data_version) if relay.feeds else None
        suspects = {feed.channel: feed for feed in relay.feeds.values() if feed.is_suspect and _is_read(feed)}
        if version != self._version_read:
            feeds = {feed.channel: feed for feed in relay.feeds.values() if _is_read(feed)}
            moved = await read_database(log.moved, {channel: feed.last or 0 for channel, feed in feeds.items()})
            suspects.update((channel, feeds[channel]) for channel in moved)
        await self._read(relay, list(suspects.values()))
        self._version_read = version

    async def _read(self, relay: Relay, suspects: list[Feed]) -> None:
        while suspects:
            part, rest = suspects[:CHANNELS_A_READ], suspects[CHANNELS_A_READ:]
            suspects = rest + await self._read_part(relay, part)

    async def _read_part(self, relay: Relay, feeds: list[Feed]) -> list[Feed]:
        """Read the log for these feeds, once; those that need more of it come back."""
        # Before the read: an event is committed before it can be delivered, so a head below this mark went back.
        marks = {feed.channel: feed.mark() for feed in feeds}
        for feed in feeds:
            feed.needs_log = False
        heads, events = await read_database(_read_log, marks)
        feeds = [feed for feed in feeds if feed.subscribers and relay.feeds.get(feed.channel) is feed]
        for feed in feeds:
            relay.merge(feed, marks[feed.channel], heads[feed.channel], events.get(feed.channel, []))
        return [
            feed
            for feed in feeds
            if (feed.last or 0) < heads[feed.channel].last or marks[feed.channel].read_upto < marks[feed.channel].last
        ]


def _is_read(feed: Feed) -> bool:
    return bool(feed.subscribers) and feed.last is not None


def _read_log(marks: Mapping[str, Mark]) -> tuple[dict[str, Head], dict[str, list[Envelope]]]:
    """The heads, and for each channel the next events that are not yet delivered or not yet compared."""
    heads = log.heads(marks)
    return heads, log.read({channel: (mark.read_after, mark.read_upto) for channel, mark in marks.items()})
