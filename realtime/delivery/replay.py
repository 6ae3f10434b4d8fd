"""What a new subscriber has yet to get from the log, and what comes live meanwhile.

The log is read in parts, as the subscriber takes them. Of what comes live a bounded amount is held back; what is more
than that is read from the log, too. So a client that does not read costs its process a part and what is held.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from realtime import log, metrics
from realtime.database import read_database
from realtime.database.batch import Batch
from realtime.delivery.frame import Frame
from realtime.delivery.opening import Start

PART_BYTES = 64 * 1024  # and up to one event more
PARTS_AT_ONCE = 32  # of different places in the log, in one job
MAX_HELD_BYTES = 256 * 1024
HELD_OVERHEAD_BYTES = 128  # of a frame that is held, beside its bytes


Place = tuple[str, int]  # in the log: a channel, and the number after which to read


class Replay:
    """For one subscriber, from before it is registered until it is live."""

    __slots__ = ("held", "held_bytes", "reached", "resets", "room", "upto")

    def __init__(self) -> None:
        self.held: deque[Frame] = deque()
        self.held_bytes = 0
        self.reached: dict[str, int] = {}  # the number that the subscriber has of each channel, once it has begun
        self.upto: dict[str, int] = {}  # read the log up to this number
        self.resets: dict[str, int] = {}  # channels that were reset before it has begun, and where they go on
        self.room = asyncio.Event()  # whether the subscriber takes a part
        self.room.set()

    def hold(self, frame: Frame) -> None:
        """Keep a live event for later."""
        self.held.append(frame)
        self.held_bytes += _cost(frame)
        while self.held_bytes > MAX_HELD_BYTES:
            first = self.held.popleft()
            self.held_bytes -= _cost(first)
            if first.number is not None:
                self.upto[first.channel] = max(first.number, self.upto.get(first.channel, 0))
            else:
                metrics.DROPPED.labels("stream_opening").inc()

    def reset(self, channel: str, last: int) -> None:
        """Forget what is held and missing of this channel; it goes on after `last`."""
        kept = [frame for frame in self.held if frame.channel != channel]
        self.held, self.held_bytes = deque(kept), sum(map(_cost, kept))
        self.upto.pop(channel, None)
        if self.reached:
            self.reached[channel] = last
        else:
            self.resets[channel] = last

    def begin(self, starts: Mapping[str, Start]) -> list[str]:
        """Take where each channel begins; return the channels of which the subscriber must be told a reset."""
        for channel, start in starts.items():
            last = self.resets.get(channel)  # then what was read is of a log that no longer exists
            self.reached[channel] = start.after if last is None else last
            if last is None:
                self.upto[channel] = max(start.upto, self.upto.get(channel, 0))
        return [channel for channel, start in starts.items() if start.reset or channel in self.resets]

    def next(self) -> Place | None:
        """The next place to read in the log; None if there is none."""
        for channel, upto in self.upto.items():
            if self.reached[channel] < upto:
                return channel, self.reached[channel]
        return None

    def skip(self, channel: str, last: int) -> bool:
        """Go on after `last` with what is held: what is missing of this channel is gone.

        Returns whether the held events follow `last`. If not, the log went back, and their feed will be restarted.
        """
        self.reached[channel] = last
        self.upto.pop(channel, None)
        held = (frame.number for frame in self.held if frame.channel == channel and frame.number is not None)
        return next((number for number in held if number > last), last + 1) == last + 1

    def is_wanted(self, channel: str, after: int) -> bool:
        """Whether what is read after this number is still to be delivered."""
        return self.reached[channel] == after and after < self.upto.get(channel, 0)


class Parts:
    """Reads parts of the log; what several ask for at the same time is read and encoded once."""

    def __init__(self) -> None:
        self._batch = Batch(self._read, PARTS_AT_ONCE)

    async def read(self, channel: str, after: int) -> Sequence[Frame]:
        """The events that follow a number in the log, without a hole; none if the next one is gone.

        As many as make a part. Raises DatabaseError.
        """
        return await self._batch((channel, after))

    async def last(self, channel: str) -> int:
        """How far the log goes by now. Raises DatabaseError."""
        return (await read_database(log.heads, [channel]))[channel].last

    async def _read(self, places: Sequence[Place]) -> Sequence[Sequence[Frame]]:
        return await read_database(_read_parts, places)


def _read_parts(places: Sequence[Place]) -> list[Sequence[Frame]]:
    parts = {place: _read_part(*place) for place in dict.fromkeys(places)}
    return [parts[place] for place in places]


def _read_part(channel: str, after: int) -> list[Frame]:
    part = []
    for expected, envelope in enumerate(log.read_part(channel, after, PART_BYTES), after + 1):
        if envelope.number != expected:
            break
        part.append(Frame(envelope))
    return part


def _cost(frame: Frame) -> int:
    return len(frame.body) + HELD_OVERHEAD_BYTES
