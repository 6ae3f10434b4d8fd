"""One open stream: what it is put, it writes in one piece when it is flushed."""

import json
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django_eventstream.utils import sse_encode_event

from realtime import metrics
from realtime.delivery.frame import Frame, place_of
from realtime.delivery.opening import MAX_REPLAY, Start
from realtime.delivery.replay import Parts, Place, Replay
from realtime.groups import Channel
from realtime.stream.outbox import Outbox
from realtime.stream.position import encode_position
from realtime.stream.request import Authorise, StreamRequest
from realtime.stream.sockets.base import Socket

RETRY_MS = (1_000, 3_000)
PULSE = b"event: keep-alive\ndata:\n\n"


class Stream(Outbox):
    """A Subscriber of its channels. It opens, gets what it missed, is live, and ends."""

    __slots__ = ("_places", "_position", "authorise", "replay", "request")

    channels: tuple[Channel, ...]

    def __init__(self, authorise: Authorise, request: StreamRequest, channels: tuple[Channel, ...]) -> None:
        super().__init__(channels)
        self.authorise = authorise
        self.request = request
        self.replay: Replay | None = Replay()  # None once it is live
        self._position: dict[str, int] = {}
        self._places: dict[str, bytes] | None = None  # the same, encoded, if there are several channels

    @property
    def keep_alive(self) -> bytes:
        return PULSE if self.request.wants_pulse else super().keep_alive

    # Opening

    def open(self, socket: Socket, starts: Mapping[str, Start]) -> None:
        """Write the first block; what was missed comes by `replay`, then what came meanwhile."""
        assert self.replay is not None
        self._socket = socket
        lost = self.replay.begin(starts)
        self._position = dict(self.replay.reached)
        if len(starts) > 1:
            self._places = {channel: place_of(channel, number) for channel, number in self._position.items()}
        opened = self._local_event("stream-open", {"time_ms": int(time.time() * 1_000)})
        self._outbox.append(b"retry: %d\n%b" % (random.randint(*RETRY_MS), opened))
        if lost:
            self._outbox.append(self._local_event("reset", {"channels": lost}))
        self._go_live_if_complete()
        self.flush()

    def next_part(self) -> Place | None:
        """The next place to read in the log for this stream; None if it is live, or has ended."""
        while self.replay is not None and not self.ended and (place := self.replay.next()) is not None:
            channel, after = place
            if self.replay.upto[channel] - after <= MAX_REPLAY:
                return place
            self.skip(place, self.replay.upto[channel])  # its client is too slow for what comes
        self._go_live_if_complete()
        metrics.DELIVERED.inc(self.flush())
        return None

    def add_part(self, place: Place, frames: Sequence[Frame]) -> None:
        """Write what was read from the log at a place; it is not empty.

        Events beyond the replay's end are left out: they come live, from the feed. It resets its subscribers if the log
        loses what it delivered; of events that it did not deliver it would not know.
        """
        channel, _ = place
        if self.replay is not None and not self.ended and self.replay.is_wanted(*place):
            for frame in frames:
                if (frame.number or 0) <= self.replay.upto[channel]:
                    self._write(frame)
            self.replay.reached[channel] = self._position[channel]
            metrics.DELIVERED.inc(self.flush())

    def skip(self, place: Place, last: int) -> None:
        """What is missing at a place is no longer known, or is too much: the channel goes on after `last`."""
        if self.replay is not None and not self.ended and self.replay.is_wanted(*place):
            metrics.RESETS.inc()
            follows = self.replay.skip(place[0], last)
            self._go_on_after(place[0], last)
            if not follows:
                self.end(RETRY_MS)

    def _go_live_if_complete(self) -> None:
        if self.replay is not None and self.replay.next() is None:
            held, self.replay = self.replay.held, None
            for frame in held:
                self.put(frame)

    # Subscriber

    def put(self, frame: Frame) -> None:
        if self.replay is not None:
            self.replay.hold(frame)
        elif frame.number is None:
            self._outbox.append(frame.body)
        elif frame.number > self._position[frame.channel]:
            self._write(frame)

    def _write(self, frame: Frame) -> None:
        assert frame.number is not None
        self._position[frame.channel] = frame.number
        if self._places is None:
            self._outbox.append(frame.numbered)
        else:
            # encode_position, of which only one part has changed; group names need none of its quoting
            self._places[frame.channel] = frame.place
            self._outbox.append(b"id: %b\n%b" % (b",".join(self._places.values()), frame.body))

    def reset(self, channel: str, last: int) -> None:
        if self.replay is not None:
            self.replay.reset(channel, last)
        if self._socket is not None:
            self._go_on_after(channel, last)
            self._go_live_if_complete()

    def _go_on_after(self, channel: str, last: int) -> None:
        self._position[channel] = last
        if self._places is not None:
            self._places[channel] = place_of(channel, last)
        self._outbox.append(self._local_event("reset", {"channels": [channel]}))

    def link_changed(self, degraded_since: float | None) -> None:
        if self._socket is not None:
            kind, since = ("recovered", time.time()) if degraded_since is None else ("degraded", degraded_since)
            self._outbox.append(self._local_event(kind, {"since": int(since)}))
            self.flush()

    def fail(self) -> None:
        self.cut("error")

    # Reader

    def pause(self) -> None:
        super().pause()
        if self.replay is not None:
            self.replay.room.clear()

    def resume(self) -> None:
        super().resume()
        if self.replay is not None and self._paused_since is None:
            self.replay.room.set()

    def close(self) -> None:
        super().close()
        if self.replay is not None:
            self.replay.room.set()  # who waits for it finds the stream ended

    def _local_event(self, event_type: str, payload: Mapping[str, Any]) -> bytes:
        envelope = {"type": event_type, "payload": payload, "timestamp": int(time.time()), "source": "system"}
        frame: str = sse_encode_event(event_type, json.dumps(envelope), event_id=encode_position(self._position))
        return frame.encode()


async def replay(stream: Stream, parts: Parts) -> None:
    """Have a stream write what it missed, in parts, as its client takes them. Raises DatabaseError."""
    while stream.replay is not None and (place := stream.next_part()) is not None:
        await stream.replay.room.wait()
        if stream.ended:
            return
        if frames := await parts.read(*place):
            stream.add_part(place, frames)
        else:
            stream.skip(place, await parts.last(place[0]))
