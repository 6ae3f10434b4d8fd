"""A client of a stream, and what it has the right to expect."""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from random import Random
from typing import Any

from django.db import DatabaseError

from realtime.delivery.opening import Opening
from realtime.delivery.relay import Relay
from realtime.groups import Channel
from realtime.stream.open_streams import OpenStreams
from realtime.stream.request import NOTHING, StreamRequest
from realtime.stream.stream import Stream

REQUEST = StreamRequest(NOTHING, NOTHING, NOTHING, NOTHING)
FRAME = re.compile(
    rb"(?:retry: \d+\n)?(?:id: (?P<id>\S+)\n)?event: (?P<type>\S+)\n(?:id: (?P<id2>\S+)\n)?data: (?P<data>.*)"
)
NUMBER = re.compile(rb'"id":(\d+)}$')
LOST = re.compile(rb'"(sse_[\w.-]+)"')


class Broken(AssertionError):
    """A promise does not hold."""


def authorise(requests: Sequence[StreamRequest]) -> list[Any]:
    raise NotImplementedError  # rights are not simulated


class Client:
    """Connects, reads, is slow now and then, leaves, and comes back with its position."""

    def __init__(self, name: str, channels: tuple[Channel, ...], random: Random) -> None:
        self.name = name
        self.channels = channels
        self.random = random
        self.position: dict[str, int] = {}  # what it has seen; what it comes back with
        self.seen: dict[str, dict[int, bytes]] = {channel: {} for channel in channels}  # since the last reset
        self.resets = 0
        self.stream: Stream | None = None
        self.is_slow = False
        self._task: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        return self._task is not None

    def connect(self, relay: Relay, opening: Opening, streams: OpenStreams) -> None:
        if self._task is None:
            self.stream = Stream(authorise, REQUEST, self.channels)
            self._task = asyncio.get_running_loop().create_task(self._serve(relay, opening, streams, self.stream))
            self._task.add_done_callback(self._served)

    async def _serve(self, relay: Relay, opening: Opening, streams: OpenStreams, stream: Stream) -> None:
        """As StreamRoute does."""
        wanted: dict[str, int | None] = {channel: self.position.get(channel) for channel in self.channels}
        with contextlib.suppress(DatabaseError):
            starts = await opening.subscribe(stream, wanted)
            try:
                await asyncio.sleep(self.random.choice((0.0, 0.0, 0.02, 0.4)))  # the server sends the response's head
                stream.open(self, starts)
                streams.add(stream)
                await asyncio.Event().wait()
            finally:
                streams.remove(stream)
                relay.unsubscribe(stream, stream.channels)
                stream.close()

    def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _served(self, task: "asyncio.Task[None]") -> None:
        self._task = self.stream = None
        for seen in self.seen.values():
            seen.clear()  # of a forgery that is found out later only those hear who are there
        if not task.cancelled() and task.exception() is not None:
            raise Broken(f"{self.name}: serving failed: {task.exception()}")

    # As the stream's socket

    def write(self, data: bytes) -> None:
        for block in data.split(b"\n\n")[:-1]:
            self._read(block)
        if self.is_slow and self.stream is not None:
            self.stream.pause()
            asyncio.get_running_loop().call_later(self.random.uniform(0.0, 0.4), self._drain, self.stream)

    def _drain(self, stream: Stream) -> None:
        if stream is self.stream:
            stream.resume()

    def end(self) -> None:
        """The server has ended the response: the client comes back."""
        self.leave()

    def abort(self) -> None:
        self.leave()

    def close(self) -> None: ...

    # What comes

    def _read(self, block: bytes) -> None:
        found = FRAME.fullmatch(block)
        if found is None:
            if not block.startswith(b"retry:"):
                raise Broken(f"{self.name}: not a frame: {block!r}")
            return
        position = _parse(found["id"] or found["id2"] or b"")
        kind = found["type"]
        if kind == b"stream-open":
            self._begin(position)
        elif kind == b"reset":
            for channel in LOST.findall(found["data"].partition(b'"payload"')[2]):
                self._reset(channel.decode(), position)
        elif kind == b"tick" and position:
            self._take(position, found["data"])

    def _begin(self, position: dict[str, int]) -> None:
        for channel in self.channels:
            self.position.setdefault(channel, position[channel])
            if self.position[channel] != position[channel]:  # then a reset follows at once
                self.position[channel] = -1

    def _reset(self, channel: str, position: dict[str, int]) -> None:
        self.resets += 1
        self.position[channel] = position[channel]
        self.seen[channel].clear()

    def _take(self, position: dict[str, int], data: bytes) -> None:
        number = NUMBER.search(data)
        assert number is not None
        changed = [each for each in self.channels if position[each] != self.position[each]]
        channel = changed[0] if len(changed) == 1 else ""
        if not channel or position[channel] != self.position[channel] + 1 or int(number[1]) != position[channel]:
            raise Broken(f"{self.name}: had {self.position}, then came {position} {data!r}")
        self.position[channel] += 1
        self.seen[channel][self.position[channel]] = data


def _parse(text: bytes) -> dict[str, int]:
    parts = (part.rpartition(b":") for part in text.split(b",") if part)
    return {channel.decode(): int(number) for channel, _, number in parts}
