"""What a stream gets that opens: first what it missed, from the log, then what came live meanwhile.

The log is read in parts, each when the client has taken the one before: a client that does not read costs one part,
however much it missed. Who needs the same part at the same time shares it, read and encoded once. Of what comes
live meanwhile a bounded amount is held back; of a channel that brings more nothing is, since the log has that, too.
"""

import asyncio
from collections.abc import Sequence

from realtime import log, metrics
from realtime.database import read_database
from realtime.relay import Frame, Start

PART_BYTES = 64 * 1024  # and up to one event more
PARTS_AT_ONCE = 32
MAX_HELD_BYTES = 256 * 1024
HELD_OVERHEAD_BYTES = 128

Part = Sequence[tuple[int, Frame]]


async def parts_after(places: Sequence[tuple[str, int]]) -> list[Part]:
    """For each (channel, number) the events that follow in the log, without a hole; none if the next one is gone.

    The job of a Batch. Raises DatabaseError.
    """
    return await read_database(_read_parts, places)


def _read_parts(places: Sequence[tuple[str, int]]) -> list[Part]:
    parts = {place: _read_part(*place) for place in dict.fromkeys(places)}
    return [parts[place] for place in places]


def _read_part(channel: str, after: int) -> Part:
    part: list[tuple[int, Frame]] = []
    for expected, envelope in enumerate(log.read_part(channel, after, PART_BYTES), after + 1):
        if envelope.number != expected:
            break
        part.append((expected, Frame(envelope)))
    return part


class Replay:
    """Of one stream: up to which number each channel is to be read from the log, and what came live after that."""

    __slots__ = ("_drained", "held", "held_bytes", "resets", "task", "upto")

    def __init__(self) -> None:
        self.upto: dict[str, int] = {}
        self.held: list[tuple[str, int | None, Frame]] = []
        self.held_bytes = 0
        self.resets: dict[str, Start] = {}
        self.task: asyncio.Task[None] | None = None
        self._drained: asyncio.Event | None = None

    def hold(self, channel: str, number: int | None, frame: Frame) -> None:
        """Keep a live event back; if there is no room, leave it and those held of its channel to the log."""
        size = len(frame.body) + HELD_OVERHEAD_BYTES
        if self.held_bytes + size <= MAX_HELD_BYTES:
            self.held.append((channel, number, frame))
            self.held_bytes += size
        elif number is not None:
            self._forget(channel)
            self.upto[channel] = number
        else:
            metrics.DROPPED.labels("stream_opening").inc()

    def reset(self, channel: str, last: int) -> None:
        """The channel's history is not what it was: it goes on live after `last`."""
        self._forget(channel)
        self.upto[channel] = last
        self.resets[channel] = Start(last, last, reset=True)

    def _forget(self, channel: str) -> None:
        self.held = [each for each in self.held if each[0] != channel]
        self.held_bytes = sum(len(frame.body) + HELD_OVERHEAD_BYTES for _, _, frame in self.held)

    async def wait_for_room(self) -> None:
        """Wait until `drained` is called."""
        self._drained = asyncio.Event()
        await self._drained.wait()

    def drained(self) -> None:
        if self._drained is not None:
            self._drained.set()

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()
