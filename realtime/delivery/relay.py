"""The relay: what a process's subscribers get of each channel, in order, once, without gaps.

Copies of events come from this process's commits, from the layer and from the log. All three go one way: each feed says
what is due, it is encoded once, put to the feed's subscribers, and at the end each subscriber writes what it was put.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence

from realtime import metrics
from realtime.delivery.feed import Feed, LogDisagrees, Mark, Subscriber
from realtime.delivery.frame import Frame
from realtime.events import Envelope, decode
from realtime.layers.protocol import Layer, Message
from realtime.log import Head

logger = logging.getLogger(__name__)

MALFORMED_LOG_SECONDS = 60.0
# A channel without readers stays joined for a while: its reader is likely to come back.
LINGER_SECONDS = 5.0
FAILED = "a subscriber failed and is ended"


class Relay:
    """The layer's Receiver. Lives in the home loop; `log_wanted` is called when a feed has to be read from the log."""

    def __init__(self, layer: Layer, log_wanted: Callable[[], None]) -> None:
        self.feeds: dict[str, Feed] = {}
        self.degraded_since: float | None = None
        self._layer = layer
        self._log_wanted = log_wanted
        self._idle_since: dict[str, float] = {}
        self._may_log_malformed_at = 0.0

    # Events in

    def take(self, messages: Sequence[Message]) -> None:
        """Deliver what the layer brought at once."""
        envelopes = []
        for channel, data in messages:
            feed = self.feeds.get(channel)
            if feed is not None and feed.subscribers:
                try:
                    envelopes.append(decode(channel, data))
                except ValueError as error:
                    self._drop_malformed(channel, error)
        self._deliver(envelopes, trusted=False)

    def committed(self, envelopes: Sequence[Envelope]) -> None:
        """Deliver durable events of this process's own transactions, without waiting for Redis."""
        self._deliver(envelopes, trusted=True)

    def _deliver(self, envelopes: Iterable[Envelope], *, trusted: bool) -> None:
        touched: dict[Feed, None] = {}
        for envelope in envelopes:
            feed = self.feeds.get(envelope.channel)
            if feed is not None and feed.subscribers:
                put(feed, feed.offer(envelope, trusted=trusted))
                touched[feed] = None
        flush(touched)
        for feed in touched:
            if feed.needs_log:
                self._want_log(feed)

    def _want_log(self, feed: Feed) -> None:
        if feed.gap_since is None:
            feed.gap_since = asyncio.get_running_loop().time()
        self._log_wanted()

    def _drop_malformed(self, channel: str, error: ValueError) -> None:
        metrics.DROPPED.labels("malformed").inc()
        now = time.monotonic()
        if now >= self._may_log_malformed_at:  # a program that sends garbage sends much of it
            self._may_log_malformed_at = now + MALFORMED_LOG_SECONDS
            logger.warning("dropped a malformed message channel=%s: %s", channel, str(error)[:200])

    def link_changed(self, degraded_since: float | None) -> None:
        self.degraded_since = degraded_since
        for subscriber in {each: None for feed in self.feeds.values() for each in feed.subscribers}:
            try:
                subscriber.link_changed(degraded_since)
            except Exception:
                logger.exception(FAILED)
                _end(subscriber)
        self._log_wanted()

    # Subscribers in and out

    def register(self, subscriber: Subscriber, channels: Iterable[str]) -> None:
        """Put this subscriber what comes from now on. Nothing comes of a channel before it was joined and its feed has
        begun (Opening)."""
        for channel in channels:
            feed = self.feeds.get(channel)
            if feed is None or not feed.subscribers:
                former, feed = feed, Feed(channel)  # a feed without subscribers is not up to date
                feed.is_joined = former is not None and former.is_joined
                self.feeds[channel] = feed
            feed.subscribers[subscriber] = None
            self._idle_since.pop(channel, None)

    def unsubscribe(self, subscriber: Subscriber, channels: Iterable[str]) -> None:
        for channel in channels:
            feed = self.feeds.get(channel)
            if feed is not None and subscriber in feed.subscribers:
                del feed.subscribers[subscriber]
                if not feed.subscribers:
                    self._idle_since[channel] = asyncio.get_running_loop().time()

    async def join(self, feeds: Iterable[Feed]) -> None:
        """Have the layer bring the channels of these; returns once it does, or its time is up."""
        fresh = [feed for feed in feeds if not feed.is_joined]
        for feed in fresh:
            feed.is_joined = True
        if fresh:
            await self._layer.join([feed.channel for feed in fresh])

    def leave_idle_channels(self) -> None:
        limit = asyncio.get_running_loop().time() - LINGER_SECONDS
        idle = [channel for channel, since in self._idle_since.items() if since < limit]
        for channel in idle:
            del self._idle_since[channel], self.feeds[channel]
        if idle:
            self._layer.leave(idle)

    # The log

    def begin(self, feed: Feed, mark: Mark, head: Head) -> None:
        """Let a feed start after the log's head; `flush` it afterwards."""
        try:
            put(feed, feed.begin(mark, head))
        except LogDisagrees as error:  # what begins with this head must not meet what was delivered before
            self.restart(feed, head, error)
        if feed.needs_log:
            self._want_log(feed)

    def merge(self, feed: Feed, mark: Mark, head: Head, logged: Sequence[Envelope]) -> None:
        """Put to a feed's subscribers what the log makes due, and flush it."""
        try:
            due = feed.merge(mark, head, logged)
        except LogDisagrees as error:
            self.restart(feed, head, error)
        else:
            metrics.REPAIRED.inc(sum(each.number not in feed.unconfirmed for each in due))
            put(feed, due)
        flush([feed])
        if feed.gap_since is not None and not feed.out_of_order:
            metrics.RELAY_LAG_SECONDS.observe(asyncio.get_running_loop().time() - feed.gap_since)
            feed.gap_since = None

    def restart(self, feed: Feed, head: Head, reason: LogDisagrees) -> None:
        """Go on after the log's head, and tell every subscriber that what it got is not what the log holds."""
        logger.error("reset of channel=%s: %s", feed.channel, reason)
        feed.restart(head)
        metrics.RESETS.inc()
        for subscriber in feed.subscribers:
            try:
                subscriber.reset(feed.channel, head.last)
            except Exception:
                logger.exception(FAILED)
                _end(subscriber)


def put(feed: Feed, due: Sequence[Envelope]) -> None:
    """Encode each event once and put it to every subscriber of its channel; `flush` the feed afterwards."""
    for envelope in due:
        frame = Frame(envelope)
        for subscriber in feed.subscribers:
            try:
                subscriber.put(frame)
            except Exception:  # the feed has gone on: the others must get it
                logger.exception(FAILED)
                _end(subscriber)


def flush(feeds: Collection[Feed]) -> None:
    """Have each subscriber of these feeds write what it was put, in one piece."""
    written = 0
    for subscriber in {each: None for feed in feeds for each in feed.subscribers}:
        try:
            written += subscriber.flush()
        except Exception:  # the others are still to be written
            logger.exception(FAILED)
            _end(subscriber)
    metrics.DELIVERED.inc(written)


def _end(subscriber: Subscriber) -> None:
    try:
        subscriber.fail()
    except Exception:
        logger.exception("a subscriber that failed could not be ended")
