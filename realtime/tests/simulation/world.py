"""What is around the delivery side: the log, the database that reads it, and the layer. All of them fail on command."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from random import Random
from typing import Any
from unittest import mock

from django.db import OperationalError

from realtime.events import Envelope
from realtime.layers.protocol import Message, Receiver
from realtime.log import Head

QUICK_SECONDS = (0.0, 0.005)
STALL_SECONDS = (0.05, 0.6)


class FakeLog:
    """The event log of some channels, and the reads of it."""

    def __init__(self, random: Random, channels: Sequence[str]) -> None:
        self.random = random
        self.events: dict[str, list[Envelope]] = {channel: [] for channel in channels}
        self.head = dict.fromkeys(channels, Head())
        self.version = 0
        self.is_failing = False
        self.is_slow = False
        self.between_reads: Callable[[], None] = lambda: None
        self._made = 0

    # Writing

    def make(self, channel: str, number: int | None) -> Envelope:
        self._made += 1
        number_part = b"" if number is None else b',"id":%d' % number
        data = b'{"type":"tick","payload":{"u":%d}%b}' % (self._made, number_part)
        return Envelope(channel, "tick", number, data)

    def commit(self, channel: str, count: int) -> list[Envelope]:
        head = self.head[channel]
        fresh = [self.make(channel, head.last + i) for i in range(1, count + 1)]
        self.events[channel] += fresh
        self._set(channel, head.last + count, head.pruned)
        return fresh

    def prune(self, channel: str, upto: int) -> None:
        head = self.head[channel]
        self.events[channel] = [each for each in self.events[channel] if (each.number or 0) > upto]
        self._set(channel, head.last, max(head.pruned, upto))

    def take_back(self, channel: str, last: int) -> None:
        """As a backup that is restored."""
        self.events[channel] = [each for each in self.events[channel] if (each.number or 0) <= last]
        self._set(channel, last, min(self.head[channel].pruned, last))

    def skip(self, channel: str, last: int) -> None:
        """Go on far beyond, with nothing of what was before."""
        self.events[channel].clear()
        self._set(channel, last, last)

    def _set(self, channel: str, last: int, pruned: int) -> None:
        self.head[channel] = Head(last, pruned)
        self.version += 1

    # Reading, in the place of the functions of realtime.log

    def heads(self, channels: Collection[str]) -> dict[str, Head]:
        found = {channel: self.head[channel] for channel in channels}
        self.between_reads()
        return found

    def moved(self, delivered: Mapping[str, int]) -> list[str]:
        return [channel for channel, number in delivered.items() if self.head[channel].last != number]

    def read(self, ranges: Mapping[str, tuple[int, int]]) -> dict[str, list[Envelope]]:
        return {
            channel: [each for each in self.events[channel] if after < (each.number or 0) <= upto]
            for channel, (after, upto) in ranges.items()
        }

    def read_part(self, channel: str, after: int, max_bytes: int) -> list[Envelope]:
        part, size = [], 0
        for each in self.events[channel]:
            if (each.number or 0) > after and size < max_bytes:
                part.append(each)
                size += len(each.data)
        return part

    def data_version(self) -> str:
        return str(self.version)

    async def read_database(self, job: Callable[..., Any], *arguments: Any) -> Any:
        """A job reads at one moment, and its caller gets the result later."""
        if self.is_slow:
            await asyncio.sleep(self.random.uniform(*STALL_SECONDS))
        if self.is_failing:
            raise OperationalError("simulated")
        result = job(*arguments)
        await asyncio.sleep(self.random.uniform(*QUICK_SECONDS))
        return result


class FakeLayer:
    """A layer that delays, loses, repeats and mixes messages up, and that dies and comes back."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.is_up = True
        self.is_faulty = False
        self._receiver: Receiver | None = None
        self._joined: set[str] = set()
        self._last_arrival = 0.0

    @property
    def reaches_others(self) -> bool:
        return self.is_up

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def publish(self, messages: Sequence[Message]) -> "asyncio.Future[Sequence[Message]]":
        left: asyncio.Future[Sequence[Message]] = asyncio.get_running_loop().create_future()
        if self.is_up:
            self.carry(messages)
            left.set_result(())
        else:
            self._hand_over(messages)
            left.set_result(messages)
        return left

    def carry(self, messages: Sequence[Message]) -> None:
        """Bring messages, this process's or another one's, sooner or later, or not."""
        loop = asyncio.get_running_loop()
        if not self.is_up:
            return
        if not self.is_faulty:
            self._last_arrival = max(self._last_arrival, loop.now + self.random.uniform(0.0, 0.01))  # type: ignore[attr-defined]
            loop.call_at(self._last_arrival, self._hand_over, messages)
            return
        for message in messages:
            for _ in range(self.random.choice((0, 1, 1, 2))):
                loop.call_later(self.random.uniform(0.0, 0.3), self._hand_over, [message])

    def _hand_over(self, messages: Sequence[Message]) -> None:
        brought = [message for message in messages if message[0] in self._joined]
        if brought and self._receiver is not None:
            self._receiver.take(brought)

    async def join(self, channels: Collection[str]) -> bool:
        await asyncio.sleep(self.random.uniform(0.0, 0.01))
        self._joined.update(channels)
        return self.is_up

    def leave(self, channels: Collection[str]) -> None:
        self._joined.difference_update(channels)

    async def close(self) -> None:
        self._joined.clear()

    def set_up(self, up: bool) -> None:
        if self.is_up is not up:
            self.is_up = up
            assert self._receiver is not None
            self._receiver.link_changed(None if up else asyncio.get_running_loop().time())


_current: list[FakeLog] = []


def _reading(name: str) -> Callable[..., Any]:
    return lambda *arguments: getattr(_current[-1], name)(*arguments)


@contextlib.contextmanager
def fake_database() -> Iterator[None]:
    """Have the product read `use`'s log. For any number of schedules."""
    with contextlib.ExitStack() as stack:
        for name in ("heads", "moved", "read", "read_part"):
            stack.enter_context(mock.patch(f"realtime.log.{name}", _reading(name)))
        stack.enter_context(mock.patch("realtime.delivery.catch_up.data_version", _reading("data_version")))
        for module in ("catch_up", "opening", "replay"):
            stack.enter_context(mock.patch(f"realtime.delivery.{module}.read_database", _reading("read_database")))
        yield


def use(log: FakeLog) -> None:
    _current[:] = [log]
