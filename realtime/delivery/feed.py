"""One channel in one process: what may be delivered next. No clock, no waiting, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from realtime.delivery.frame import Frame
from realtime.events import Envelope
from realtime.log import Head

# More than that is not kept: the log has it.
MAX_OUT_OF_ORDER = 1_000
MAX_UNCONFIRMED = 5_000
MAX_READ = 500  # events of one channel that are read from the log at once


class Subscriber(Protocol):
    """A reader of channels. Called in the home loop; must neither wait nor raise."""

    def put(self, frame: Frame) -> None:
        """Take one event. Numbers of a channel come in order, each once; None is ephemeral or foreign."""

    def reset(self, channel: str, last: int) -> None:
        """The channel's history is not what was delivered: fetch its state anew; live goes on after `last`."""

    def flush(self) -> int:
        """That was all for now: write it. Returns the number of events that were written."""

    def link_changed(self, degraded_since: float | None) -> None:
        """This process does not reach others through Redis since then; None: it does again."""

    def fail(self) -> None:
        """One of these calls has raised: end, since events may be missing. Must not unsubscribe in this turn."""


class LogDisagrees(Exception):
    """What was delivered is not what the log holds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a feed was before the log was read: the read says nothing about what was delivered meanwhile."""

    last: int
    known: int
    read_after: int
    out_of_order: tuple[int, ...]

    @property
    def read_upto(self) -> int:
        """How far to read the log at once: a flood is compared in parts."""
        return self.read_after + MAX_READ


class Feed:
    """Keeps the number delivered last, drops what was seen, holds what came out of order, and knows when to ask the
    log. Without subscribers the channel is only joined: nothing is read for it."""

    __slots__ = (
        "channel",
        "gap_since",
        "is_joined",
        "last",
        "needs_log",
        "out_of_order",
        "seen",
        "subscribers",
        "unconfirmed",
    )

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.last: int | None = None  # None until the log was read
        self.subscribers: dict[Subscriber, None] = {}
        self.out_of_order: dict[int, Envelope] = {}
        # What came through the layer and is not yet compared with the log: hashes, since all of it may be megabytes.
        self.unconfirmed: dict[int, int] = {}
        self.seen = 0  # how far the log went when it was read last
        self.needs_log = False
        self.is_joined = False  # whether the layer brings it, or was asked to
        self.gap_since: float | None = None  # for a metric; no decision depends on it

    # Copies

    def offer(self, envelope: Envelope, *, trusted: bool) -> Sequence[Envelope]:
        """The envelopes that a copy makes due, in order. Trusted: from a commit of this process."""
        number = envelope.number
        if number is None:
            return () if trusted else (envelope,)  # our own comes back through the layer, and cannot be recognised
        if self.last is None or number > self.last + 1:
            self._hold(number, envelope)
            return ()
        if number <= self.last:
            self._compare(number, envelope.data, trusted=trusted)
            return ()
        if not trusted and not self._remember(number, envelope.data):
            return ()
        self.last = number
        return (envelope, *self._release()) if self.out_of_order else (envelope,)

    def _hold(self, number: int, envelope: Envelope) -> None:
        if len(self.out_of_order) < MAX_OUT_OF_ORDER:
            self.out_of_order[number] = envelope
        self.needs_log = self.last is not None

    def _remember(self, number: int, data: bytes) -> bool:
        """Note a copy until it is compared with the log; False if too many wait for that."""
        if len(self.unconfirmed) >= MAX_UNCONFIRMED:
            self.needs_log = True
            return False
        self.unconfirmed[number] = hash(data)
        return True

    def _compare(self, number: int, data: bytes, *, trusted: bool) -> None:
        """A second copy. The first may have been forged: then they differ, or the log does."""
        first = self.unconfirmed.get(number)
        if first is None:
            return
        if first != hash(data):
            self.needs_log = True
        elif trusted:
            del self.unconfirmed[number]

    def _release(self) -> list[Envelope]:
        """What came out of order and is due by now."""
        assert self.last is not None
        released = []
        while (envelope := self.out_of_order.get(self.last + 1)) is not None:
            if not self._remember(self.last + 1, envelope.data):
                break
            self.last += 1
            released.append(envelope)
        for number in [number for number in self.out_of_order if number <= self.last]:
            del self.out_of_order[number]
        return released

    # The log

    @property
    def is_suspect(self) -> bool:
        """Whether copies must be compared with the log, or wait for events that only the log may have."""
        return self.needs_log or bool(self.unconfirmed) or bool(self.out_of_order)

    def begin(self, mark: Mark, head: Head) -> Sequence[Envelope]:
        """Start after the log's head, if it has not; what came meanwhile may be due. Raises LogDisagrees."""
        self._check(mark, head)
        due: Sequence[Envelope] = ()
        if self.last is None:
            self.last = head.last
            due = self._release()
        if self.last < self.seen or self.out_of_order:
            self.needs_log = True
        return due

    def mark(self) -> Mark:
        """Where the feed is; to be called before the log is read."""
        last = self.last or 0
        unconfirmed = min(self.unconfirmed, default=last + 1)
        return Mark(last, max(last, self.seen), min(last, unconfirmed - 1), tuple(self.out_of_order))

    def _check(self, mark: Mark, head: Head) -> None:
        if head.last < mark.known:  # an event is committed before it can be delivered
            raise LogDisagrees(f"the log went back from {mark.known} to {head.last}")
        self.seen = max(self.seen, head.last)

    def merge(self, mark: Mark, head: Head, logged: Sequence[Envelope]) -> list[Envelope]:
        """The envelopes that the log makes due; `logged` are its events after `mark.read_after`, up to `read_upto`.

        Raises LogDisagrees; then `restart`.
        """
        assert self.last is not None
        self._check(mark, head)
        self._confirm(min(mark.last, mark.read_upto), logged)
        for number in mark.out_of_order:
            if number > head.last:  # nothing is published before its commit: it is forged
                self.out_of_order.pop(number, None)
        due = []
        for envelope in logged:
            if envelope.number == self.last + 1:
                self.last += 1
                due.append(envelope)
        due += self._release()
        if self.last == mark.last < min(head.last, mark.read_upto):
            raise LogDisagrees(f"events after {mark.last} are no longer in the log")
        return due

    def _confirm(self, upto: int, logged: Sequence[Envelope]) -> None:
        true = {envelope.number: hash(envelope.data) for envelope in logged}
        for number in [number for number in self.unconfirmed if number <= upto]:
            delivered = self.unconfirmed.pop(number)
            if true.get(number, delivered) != delivered:
                raise LogDisagrees(f"event {number} is not the logged one")

    def restart(self, head: Head) -> None:
        """Go on after the log's head, with nothing of what came before."""
        self.last = self.seen = head.last
        self.out_of_order.clear()
        self.unconfirmed.clear()
        self.needs_log = False
