"""A place in one channel's log, from which any number of readers go on, each event to one of them.

A cursor without readers costs nothing: its events are in the log. A reader fetches them from there, a small page at a
time. Live copies only say that there is more, and only while there are readers.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Min
from django.db.models.functions import Now

from realtime import home, log, process
from realtime.database import UNAVAILABLE, read_database, read_now
from realtime.delivery.frame import Frame
from realtime.events import Envelope
from realtime.groups import Channel
from realtime.models import LoggedEvent
from realtime.subscription import Missed
from realtime.throttled_log import ThrottledLog

PAGE_EVENTS = 20  # of 64 KiB at most
# A reader that loops or polls comes back soon: until then the cursor stays subscribed.
LINGER_SECONDS = 5.0
# How long to wait for news before the log is asked: the relay's loop may have ended, if it was a thread's own.
CHECK_SECONDS = 5.0
RETRY_SECONDS = 1.0
# A place that is found by the clock is so much too early, rather than too late.
EARLIER = timedelta(seconds=1)

logger = logging.getLogger(__name__)

_faults = ThrottledLog()


class News:
    """The readers that wait for more of one channel; a Subscriber of it while there are any."""

    def __init__(self) -> None:
        self._channel: Channel | None = None
        self._fetched: deque[Envelope | Missed] = deque()
        self._may_be_more = True
        self._lock = threading.Lock()  # never held over a wait
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._left_at = 0.0
        self._lingers = True
        self._watch: asyncio.Task[None] | None = None

    async def _wait(self) -> None:
        """Wait until there may be more, CHECK_SECONDS at most."""
        ready = asyncio.Event()
        with self._lock:
            self._waiting[ready] = asyncio.get_running_loop()
        try:
            self._have_watched()
            if self._fetched or self._may_be_more:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await ready.wait()
        finally:
            self._left_at = time.monotonic()
            with self._lock:
                del self._waiting[ready]

    def _have_watched(self) -> None:
        # A loop of another thread may end with the call that it was made for.
        if threading.current_thread() is threading.main_thread():
            home.adopt_running_loop()
        here = home.current()
        if here.is_here():
            self._begin_to_watch()
        else:
            with contextlib.suppress(RuntimeError):  # it has ended this moment: at the next check there is another
                here.loop.call_soon_threadsafe(self._begin_to_watch)

    def _begin_to_watch(self) -> None:
        loop = asyncio.get_running_loop()
        if self._watch is None or self._watch.done() or self._watch.get_loop() is not loop:
            self._watch = loop.create_task(self._keep_watch(), name="cursor-watch")

    async def _keep_watch(self) -> None:
        """Stay subscribed to the channel for as long as there are readers. In the home loop."""
        assert self._channel is not None
        runtime = await process.start()
        try:
            await runtime.opening.subscribe(self, {self._channel: None})
            self._announce_news()  # what was committed before has not been announced
            while self._is_read():
                await asyncio.sleep(LINGER_SECONDS)
        except DatabaseError as error:
            _tell_unavailable(error)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            runtime.relay.unsubscribe(self, [self._channel])
            self._announce_news()

    def _is_read(self) -> bool:
        return bool(self._waiting) or (self._lingers and time.monotonic() - self._left_at < LINGER_SECONDS)

    def _announce_news(self) -> None:
        self._may_be_more = True
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            waiting = list(self._waiting.items())
        for ready, loop in waiting:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(ready.set)

    # As a Subscriber of the relay

    def put(self, frame: Frame) -> None:
        if frame.number is not None:
            self._may_be_more = True
        elif len(self._fetched) < PAGE_EVENTS:  # in no log: taken now or never
            self._fetched.append(frame.envelope)

    def flush(self) -> int:
        self._wake()
        return 0

    def reset(self, channel: str, last: int) -> None:
        self._may_be_more = True

    def link_changed(self, degraded_since: float | None) -> None:
        pass

    def fail(self) -> None:
        self._announce_news()


class Cursor(News):
    """A place in the log, and what was fetched after it. Usable from all threads and event loops."""

    def __init__(self, find_channel: Callable[[], Channel]) -> None:
        """Take the place: after the last event that is committed at this moment.

        The calling thread waits for the database (database.read_now; `find_channel` runs there, too): only so is
        everything that anybody commits after this call after the place. If the database does not answer in time, the
        place is found later, by the database's clock: then it may be a second too early, but not too late.
        """
        super().__init__()
        self._find_channel = find_channel
        self._made_at = time.monotonic()
        self._reached = 0  # the last number that was fetched
        with contextlib.suppress(*UNAVAILABLE):
            self._channel, self._reached = read_now(self._find_end)

    # Reading

    async def next(self) -> Envelope:
        """Take the next event; waits while there is none, and while the database is away.

        Raises Missed in the place of events that are no longer in the log; the next call goes on after them.
        Nothing is taken by a call that is cancelled.
        """
        while (event := self.take()) is None:
            if self._may_be_more:
                await self._fetch_soon()
            else:
                await self._wait()
        return event

    def take(self) -> Envelope | None:
        """Take the next event of those that have been fetched, None if there is none; raises Missed as `next`."""
        try:
            event = self._fetched.popleft()
        except IndexError:
            return None
        if isinstance(event, Missed):
            raise event
        return event

    def count(self) -> int:
        """How many events are still to be taken; if any are, `take` has one. The calling thread waits for the database.

        While the database is away: how many have been fetched.
        """
        try:
            return read_now(self._count)
        except UNAVAILABLE as error:
            _tell_unavailable(error)
            return len(self._fetched)

    def close(self) -> None:
        """Unsubscribe once no reader waits. Reading remains possible."""
        self._lingers = False
        if self._watch is not None and not self._waiting:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                self._watch.get_loop().call_soon_threadsafe(self._watch.cancel)

    async def _fetch_soon(self) -> None:
        try:
            await read_database(self._fetch)
        except UNAVAILABLE as error:
            _tell_unavailable(error)
            await asyncio.sleep(RETRY_SECONDS)

    # On a database thread

    def _find_end(self) -> tuple[Channel, int]:
        channel = self._find_channel()
        return channel, log.heads([channel])[channel].last

    def _settle(self) -> Channel:
        """The channel. Finds it, and the place, if they could not be found when the cursor was made."""
        if self._channel is None:
            channel, end = self._find_end()
            age = timedelta(seconds=time.monotonic() - self._made_at)
            later = LoggedEvent.objects.filter(channel=channel, created_at__gte=Now() - (age + EARLIER))
            first = later.aggregate(first=Min("number"))["first"]
            with self._lock:
                if self._channel is None:
                    self._channel, self._reached = channel, end if first is None else first - 1
        return self._channel

    def _fetch(self) -> None:
        """Fetch what comes next, a page at most."""
        channel, after = self._settle(), self._reached
        self._may_be_more = False  # before the read: what is committed after it is announced by the relay
        try:
            events, reached, is_end = _read_page(channel, after)
        except BaseException:
            self._may_be_more = True
            raise
        with self._lock:
            was_faster = self._reached != after  # another reader, with these events or more
            if not was_faster:
                self._fetched.extend(events)
                self._reached = reached
        if was_faster or not is_end:
            self._may_be_more = True
        if events:
            self._wake()

    def _count(self) -> int:
        if not self._fetched:
            self._fetch()
        channel = self._settle()
        return len(self._fetched) + max(0, log.heads([channel])[channel].last - self._reached)


def _read_page(channel: Channel, after: int) -> tuple[list[Envelope | Missed], int, bool]:
    """The events after a number, up to a page; the number that they reach; whether the log ends there."""
    head = log.heads([channel])[channel]
    if not head.pruned <= after <= head.last:  # after a restored backup the log may end before
        reached = head.pruned if after < head.pruned else head.last
        return [Missed(channel)], reached, reached == head.last
    upto = min(after + PAGE_EVENTS, head.last)
    events = log.read({channel: (after, upto)})[channel]
    missed = [] if len(events) == upto - after else [Missed(channel)]  # pruned between the two reads
    return [*missed, *events], upto, upto == head.last


def _tell_unavailable(error: Exception) -> None:
    """Log it, once a minute for all cursors: each of them tries again every second."""
    _faults.warning(logger, "the log cannot be read on, will try again: %s", type(error).__name__)
