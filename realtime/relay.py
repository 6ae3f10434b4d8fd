"""The relay: what a process's subscribers get of each channel, in order, once, without gaps.

Copies of events come in three ways: from this process's own commits, from the channel layer, and from the log. The
relay keeps the number that it delivered last on each channel, drops what it has seen, holds what came too early and
reads the gap from the log. A safety read asks the log for what no copy announced. Lives in the home loop.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.db import DatabaseError
from django_eventstream.utils import sse_encode_event

from realtime import log, metrics
from realtime.batch import Batch
from realtime.database import data_version, read_database
from realtime.events import Envelope, decode
from realtime.layers.protocol import Layer, Message
from realtime.log import Head

logger = logging.getLogger(__name__)

# One side alone may have lost Redis without knowing; the last message of a burst leaves no gap behind it.
SAFETY_READ_SECONDS = 0.5
DEGRADED_READ_SECONDS = 0.25
MAX_REPLAY = 1_000
MAX_EARLY = 1_000
# A channel that nobody reads any more stays joined for a while: its reader is likely to come back.
LINGER_SECONDS = 5.0
MALFORMED_LOG_SECONDS = 60.0


def place_of(channel: str, number: int) -> bytes:
    """One part of a position, encoded (realtime/position.py)."""
    return b"%b:%d" % (channel.encode(), number)


class Frame:
    """An event encoded once for all streams of this process."""

    __slots__ = ("body", "data", "numbered", "place", "type")

    def __init__(self, envelope: Envelope) -> None:
        self.type = envelope.type
        self.data = envelope.data
        self.body: bytes = sse_encode_event(envelope.type, envelope.data.decode()).encode()
        self.place = place_of(envelope.channel, envelope.number or 0)
        # For a stream of one channel the position is the same for everybody.
        self.numbered = b"id: %b\n%b" % (self.place, self.body)


class Subscriber(Protocol):
    """Who reads channels. Called in the home loop; must neither wait nor raise."""

    def deliver(self, channel: str, number: int | None, frame: Frame) -> None:
        """Take one event. Numbers of a channel come in order, each once; None is ephemeral or foreign."""

    def reset(self, channel: str, last: int) -> None:
        """The channel's history is not what was delivered: fetch its state anew; live goes on after `last`."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a subscription to one channel begins: with number `after`, `events`, then live. `reset`: `after` is not where
    the subscriber wanted to go on."""

    after: int
    events: Sequence[Envelope]
    reset: bool


@dataclass(slots=True, eq=False)
class Feed:
    """One channel in this process. Without subscribers it is only joined: nothing is read for it."""

    channel: str
    last: int | None = None  # number delivered last; None until the log was read
    subscribers: dict[Subscriber, None] = field(default_factory=dict)
    early: dict[int, Envelope] = field(default_factory=dict)
    unverified: dict[int, bytes] = field(default_factory=dict)  # came through Redis, not yet compared with the log
    gap_since: float | None = None
    idle_since: float | None = None


Opening = tuple[Subscriber, dict[str, int | None]]


class Relay:
    """One for a process; see `realtime.process`."""

    def __init__(
        self,
        layer: Layer,
        after_arrivals: Callable[[], None] = lambda: None,
        tell: Callable[[float | None], None] = lambda since: None,
    ) -> None:
        """`after_arrivals` is called when all that came at once has been handed to subscribers."""
        self._layer = layer
        self._after_arrivals = after_arrivals
        self._feeds: dict[str, Feed] = {}
        self.degraded_since: float | None = None
        self._tell = tell
        self._open = Batch(self._open_all)
        self._gaps: dict[str, None] = {}
        self._repairer: asyncio.Task[None] | None = None
        self._safety_reads: asyncio.Task[None] | None = None
        self._read_soon = asyncio.Event()
        self._is_log_readable = True
        self._version_read: str | None = None
        self._suspects: dict[str, None] = {}  # channels of which copies are to be compared with the log
        self._may_log_malformed_at = 0.0

    # Life

    async def start(self) -> None:
        """Connect to the channel layer and begin to relay."""
        await self._layer.open(self)
        self._safety_reads = asyncio.create_task(self._read_for_safety(), name="relay-safety")

    async def stop(self) -> None:
        for task in (self._safety_reads, self._repairer):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    # Subscribing

    async def subscribe(self, subscriber: Subscriber, positions: dict[str, int | None]) -> dict[str, Start]:
        """Begin to deliver channels to a subscriber; {channel: number it has, None for live from now}.

        From before this returns the subscriber gets live events, which it must hold back until it has handled `Start`
        and then drop up to what `Start` brought it to. Raises DatabaseError if the log cannot be read.
        """
        try:
            return await self._open((subscriber, positions))
        except BaseException:
            self.unsubscribe(subscriber, positions)
            raise

    def unsubscribe(self, subscriber: Subscriber, channels: Iterable[str]) -> None:
        for channel in channels:
            feed = self._feeds.get(channel)
            if feed is not None:
                feed.subscribers.pop(subscriber, None)
                if not feed.subscribers:
                    feed.idle_since = time.monotonic()

    async def _open_all(self, openings: Sequence[Opening]) -> list[dict[str, Start]]:
        """Register, join and wait for Redis, read the log: in this order, so that nothing falls between."""
        fresh = []
        for subscriber, positions in openings:
            for channel in positions:
                feed = self._feeds.get(channel)
                if feed is None:
                    fresh.append(channel)
                if feed is None or not feed.subscribers:
                    feed = self._feeds[channel] = Feed(channel)  # one that nobody read is not up to date
                feed.subscribers[subscriber] = None
        if fresh:
            await self._layer.join(fresh)
        return await self._starts([positions for _, positions in openings])

    async def _starts(self, all_positions: Sequence[dict[str, int | None]]) -> list[dict[str, Start]]:
        lowest: dict[str, int | None] = {}
        for positions in all_positions:
            for channel, number in positions.items():
                known = lowest.get(channel)
                lowest[channel] = number if known is None or (number is not None and number < known) else known
        heads, events = await read_database(_read_after, lowest)
        for channel, head in heads.items():
            self._meet_head(channel, head)
        return [
            {channel: _start(number, heads[channel], events[channel]) for channel, number in positions.items()}
            for positions in all_positions
        ]

    def _meet_head(self, channel: str, head: Head) -> None:
        feed = self._feeds.get(channel)
        if feed is not None and feed.last is None:
            feed.last = head.last
            self._deliver_early(feed)

    # Copies coming in

    def committed(self, envelopes: Iterable[Envelope]) -> None:
        """Durable events of this process's own transactions: delivered at once, without waiting for Redis."""
        for envelope in envelopes:
            feed = self._feeds.get(envelope.channel)
            if feed is not None and feed.subscribers and envelope.number is not None:
                self._offer(feed, envelope, trusted=True)

    def take(self, messages: Sequence[Message]) -> None:
        for channel, data in messages:
            self._arrived(channel, data)
        self._after_arrivals()

    def link_changed(self, degraded_since: float | None) -> None:
        self.degraded_since = degraded_since
        self._read_soon.set()
        self._tell(degraded_since)

    def _arrived(self, channel: str, data: bytes) -> None:
        feed = self._feeds.get(channel)
        if feed is None or not feed.subscribers:
            return
        try:
            envelope = decode(channel, data)
        except ValueError as error:
            self._drop_malformed(channel, error)
            return
        if envelope.number is None:
            self._deliver(feed, envelope)
        else:
            self._offer(feed, envelope, trusted=False)

    def _drop_malformed(self, channel: str, error: ValueError) -> None:
        metrics.DROPPED.labels("malformed").inc()
        now = time.monotonic()
        if now >= self._may_log_malformed_at:  # a program that sends garbage sends much of it
            self._may_log_malformed_at = now + MALFORMED_LOG_SECONDS
            logger.warning("dropped a malformed message channel=%s: %s", channel, str(error)[:200])

    def _offer(self, feed: Feed, envelope: Envelope, *, trusted: bool) -> None:
        number = envelope.number
        assert number is not None
        if feed.last is None or number > feed.last + 1:
            if len(feed.early) < MAX_EARLY:
                feed.early[number] = envelope
            if feed.last is not None:
                self._mend(feed)
            return
        if number <= feed.last:
            self._compare(feed, number, envelope.data, trusted=trusted)
            return
        if not trusted:
            self._remember_unverified(feed, number, envelope.data)
        self._deliver(feed, envelope)
        if feed.early:
            self._deliver_early(feed)

    def _remember_unverified(self, feed: Feed, number: int, data: bytes) -> None:
        feed.unverified[number] = data
        self._suspects[feed.channel] = None

    def _compare(self, feed: Feed, number: int, data: bytes, *, trusted: bool) -> None:
        """A second copy. What came first may have been forged: then the true one shows it here or at a safety read."""
        first = feed.unverified.get(number)
        if first is None:
            return
        if trusted and first == data:
            del feed.unverified[number]
        elif first != data:
            self._mend(feed)

    def _deliver_early(self, feed: Feed) -> None:
        assert feed.last is not None
        while (envelope := feed.early.pop(feed.last + 1, None)) is not None:
            self._remember_unverified(feed, feed.last + 1, envelope.data)
            self._deliver(feed, envelope)
        for number in [number for number in feed.early if number <= feed.last]:
            del feed.early[number]

    def _deliver(self, feed: Feed, envelope: Envelope) -> None:
        number = envelope.number
        if number is not None:
            feed.last = number
        frame = Frame(envelope)
        for subscriber in tuple(feed.subscribers):
            subscriber.deliver(feed.channel, number, frame)

    # Mending from the log

    def _mend(self, feed: Feed) -> None:
        """Have the log read for this channel now; channels that need it at the same time share one read."""
        if feed.gap_since is None:
            feed.gap_since = time.monotonic()
        self._gaps[feed.channel] = self._suspects[feed.channel] = None
        if self._repairer is None or self._repairer.done():
            self._repairer = asyncio.create_task(self._repair(), name="relay-repair")

    async def _repair(self) -> None:
        while self._gaps:
            await asyncio.sleep(0)
            channels, self._gaps = list(self._gaps), {}
            try:
                await self._catch_up(channels)
            except DatabaseError as error:
                self._log_unreadable(error)
                return  # the safety read tries again

    async def _read_for_safety(self) -> None:
        while True:
            pause = SAFETY_READ_SECONDS if self._layer.reaches_others else DEGRADED_READ_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(0.8, 1.0)):
                    await self._read_soon.wait()
            self._read_soon.clear()
            try:
                self._drop_idle()
                await self._catch_up_if_news()
                self._is_log_readable = True
            except DatabaseError as error:
                self._log_unreadable(error)
            except Exception:
                logger.exception("safety read failed")

    async def _catch_up_if_news(self) -> None:
        """Read what is new in the log and what is still to be compared with it.

        Nothing if the database tells that nothing was committed since the last time.
        """
        version = await read_database(data_version) if self._feeds else None
        if version == self._version_read and not self._suspects:
            return
        suspects, self._suspects = self._suspects, {}
        read = (feed for feed in self._feeds.values() if feed.subscribers)
        delivered = {feed.channel: feed.last for feed in read if feed.last is not None}
        try:
            moved = await read_database(log.moved, delivered)
            await self._catch_up({**suspects, **dict.fromkeys(moved)})
        except DatabaseError:
            self._suspects.update(suspects)
            raise
        self._version_read = version

    def _log_unreadable(self, error: Exception) -> None:
        if self._is_log_readable:
            logger.error("the log cannot be read, will try again: %s", type(error).__name__)
        self._is_log_readable = False

    async def _catch_up(self, channels: Iterable[str]) -> None:
        """Bring channels to what the log holds, and compare with it what came through Redis."""
        known = (self._feeds.get(channel) for channel in channels)
        feeds = [feed for feed in known if feed and feed.subscribers and feed.last is not None]
        while feeds:
            # Before the read: an event is committed before anybody can deliver it, so a head below this went back.
            reached = {feed.channel: Reached(feed) for feed in feeds}
            heads, events = await read_database(_read_news, reached)
            current = [feed for feed in feeds if feed.subscribers and self._feeds.get(feed.channel) is feed]
            for feed in current:
                self._apply(feed, reached[feed.channel], heads[feed.channel], events.get(feed.channel, []))
            feeds = [feed for feed in current if (feed.last or 0) < heads[feed.channel].last]

    def _apply(self, feed: Feed, reached: "Reached", head: Head, events: list[Envelope]) -> None:
        if head.last < reached.last:
            logger.error("the log went back channel=%s from=%s to=%s", feed.channel, reached.last, head.last)
            self._reset(feed, head.last)
            return
        if not self._is_true(feed, reached.last, events):
            logger.error("a delivered event is not the logged one channel=%s", feed.channel)
            self._reset(feed, head.last)
            return
        for number in reached.early:
            if number > head.last and number in feed.early:  # nobody publishes before the commit
                del feed.early[number]
                metrics.DROPPED.labels("forged").inc()
        self._deliver_logged(feed, events)
        assert feed.last is not None
        if feed.last == reached.last < head.last:
            logger.warning("events are no longer in the log channel=%s after=%s", feed.channel, feed.last)
            self._reset(feed, head.last)

    def _deliver_logged(self, feed: Feed, events: list[Envelope]) -> None:
        assert feed.last is not None
        for envelope in events:
            if envelope.number == feed.last + 1:
                feed.early.pop(envelope.number, None)
                metrics.REPAIRED.inc()
                self._deliver(feed, envelope)
        self._deliver_early(feed)
        if feed.gap_since is not None and not feed.early:
            metrics.RELAY_LAG_SECONDS.observe(time.monotonic() - feed.gap_since)
            feed.gap_since = None

    def _is_true(self, feed: Feed, reached: int, events: list[Envelope]) -> bool:
        logged = {envelope.number: envelope.data for envelope in events}
        for number in [number for number in feed.unverified if number <= reached]:
            data = feed.unverified.pop(number)
            if logged.get(number, data) != data:
                return False
        return True

    def _reset(self, feed: Feed, last: int) -> None:
        feed.last = last
        feed.early.clear()
        feed.unverified.clear()
        feed.gap_since = None
        metrics.RESETS.inc()
        for subscriber in tuple(feed.subscribers):
            subscriber.reset(feed.channel, last)

    def _drop_idle(self) -> None:
        limit = time.monotonic() - LINGER_SECONDS
        idle = [channel for channel, feed in self._feeds.items() if feed.idle_since and feed.idle_since < limit]
        for channel in idle:
            del self._feeds[channel]
        if idle:
            self._layer.leave(idle)


class Reached:
    """Where a feed was before the log was read."""

    __slots__ = ("early", "last", "unverified")

    def __init__(self, feed: Feed) -> None:
        self.last = feed.last or 0
        self.unverified = min(feed.unverified, default=self.last + 1)
        self.early = tuple(feed.early)


def _read_after(positions: dict[str, int | None]) -> tuple[dict[str, Head], dict[str, list[Envelope]]]:
    """The heads, and for each channel the events after the given number (none for None, or if there are too many)."""
    heads = log.heads(positions)
    ranges = {}
    for channel, number in positions.items():
        head = heads[channel]
        if number is not None:
            ranges[channel] = (max(number, head.pruned, head.last - MAX_REPLAY), head.last)
    events = log.read(ranges)
    return heads, {channel: events.get(channel, []) for channel in positions}


def _read_news(reached: dict[str, Reached]) -> tuple[dict[str, Head], dict[str, list[Envelope]]]:
    """The heads, and for each channel the events that are not yet delivered or not yet compared."""
    heads = log.heads(reached)
    ranges = {
        channel: (min(at.last, at.unverified - 1), min(heads[channel].last, at.last + MAX_REPLAY))
        for channel, at in reached.items()
    }
    return heads, log.read(ranges)


def _start(number: int | None, head: Head, events: list[Envelope]) -> Start:
    """How one subscriber starts, given the events that were read for the neediest one."""
    if number is None:
        return Start(head.last, [], reset=False)
    known = head.pruned <= number <= head.last and head.last - number <= MAX_REPLAY
    missed = [envelope for envelope in events if envelope.number is not None and envelope.number > number]
    if not known or len(missed) != head.last - number:  # pruned between the two reads
        metrics.RESETS.inc()
        return Start(head.last, [], reset=True)
    return Start(number, missed, reset=False)
