"""`subscribe`: read channels from Python as a stream does, in order, each event once."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime import home, process
from realtime.delivery.frame import Frame
from realtime.delivery.opening import Start
from realtime.delivery.replay import Parts
from realtime.events import Envelope
from realtime.groups import BROADCAST, Channel, agent, parse, session

MAX_BACKLOG_EVENTS = 10_000


class Missed(Exception):
    """Events of the channel are no longer known: fetch its state and subscribe anew."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"events of {channel} were missed: fetch its state and subscribe anew")
        self.channel = channel


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as a subscriber gets it; `id` is None for an ephemeral or foreign one."""

    channel: str
    id: int | None
    type: str
    payload: dict[str, Any]
    timestamp: int | None
    source: str | None


class Subscription:
    """A Subscriber that hands events over to the loop of its reader."""

    def __init__(self, loop: asyncio.AbstractEventLoop, channels: Sequence[Channel]) -> None:
        self._loop = loop
        self._channels = channels
        self._events: deque[Envelope | Missed] = deque()
        self._ready = asyncio.Event()
        self._is_over = False  # after a Missed nothing more is read

    def put(self, frame: Frame) -> None:
        if len(self._events) < MAX_BACKLOG_EVENTS:
            self._events.append(frame.envelope)
        else:
            self._end(frame.channel)

    def reset(self, channel: str, last: int) -> None:
        self._end(channel)

    def flush(self) -> int:
        self._loop.call_soon_threadsafe(self._ready.set)
        return 0

    def link_changed(self, degraded_since: float | None) -> None:
        pass

    def fail(self) -> None:
        self._end(self._channels[0])
        self.flush()

    def _end(self, channel: str) -> None:
        if not self._is_over:
            self._is_over = True
            self._events.append(Missed(channel))

    async def read(self, starts: Mapping[str, Start], parts: Parts) -> AsyncGenerator[Envelope, None]:
        reached = {}
        for channel, start in starts.items():
            if start.reset:
                raise Missed(channel)
            reached[channel] = start.upto
            async for envelope in _read_missed(channel, start, parts):
                reached[channel] = max(envelope.number or 0, reached[channel])
                yield envelope
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, Missed):
                    raise event
                if event.number is None:
                    yield event
                elif event.number > reached[event.channel]:
                    reached[event.channel] = event.number
                    yield event
            self._ready.clear()
            if not self._events:
                await self._ready.wait()


async def _read_missed(channel: str, start: Start, parts: Parts) -> AsyncGenerator[Envelope, None]:
    after = start.after
    while after < start.upto:
        frames = await home.current().run(_read_part(parts, channel, after))
        if not frames:  # pruned meanwhile
            raise Missed(channel)
        for frame in frames:
            after = frame.number or after
            yield frame.envelope


async def _read_part(parts: Parts, channel: str, after: int) -> Sequence[Frame]:
    return await parts.read(channel, after)


def _wanted(
    *, session_name: str | None, agent_id: str | None, broadcast: bool, others: Iterable[Channel]
) -> list[Channel]:
    channels = [parse(channel) for channel in others]
    if session_name is not None:
        channels.append(session(session_name))
    if agent_id is not None:
        channels.append(agent(agent_id))
    if broadcast:
        channels.append(BROADCAST)
    if not channels:
        raise ValueError("name what to subscribe to: session=, agent=, channels= or broadcast=True")
    return channels


async def subscribe(
    *,
    session: str | None = None,
    agent: str | None = None,
    broadcast: bool = False,
    channels: Iterable[Channel] = (),
    after: int | Mapping[Channel, int] | None = None,
) -> AsyncGenerator[ReceivedEvent, None]:
    """Replay the events after `after`, then go on live: in order, each once. Works in any event loop.

    `channels` are those of other kinds (groups.channel). `after` is the id of the last event seen ({channel: id} for
    several channels), None for live from now.
    Raises ValueError for a bad name, Missed if events after `after` are gone or the reader is too slow,
    DatabaseError if the log cannot be read.
    """
    wanted = _wanted(session_name=session, agent_id=agent, broadcast=broadcast, others=channels)
    if isinstance(after, int):
        if len(wanted) > 1:
            raise ValueError("several channels need after={channel: id}")
        after = {wanted[0]: after}
    positions: dict[str, int | None] = {channel: (after or {}).get(channel) for channel in wanted}
    runtime = await process.start()
    here = home.current()
    subscription = Subscription(asyncio.get_running_loop(), wanted)
    starts = await here.run(runtime.opening.subscribe(subscription, positions))
    try:
        async for envelope in subscription.read(starts, runtime.parts):
            yield _received(envelope)
    finally:
        here.loop.call_soon_threadsafe(runtime.relay.unsubscribe, subscription, wanted)


def _received(envelope: Envelope) -> ReceivedEvent:
    content = json.loads(envelope.data)
    return ReceivedEvent(
        envelope.channel,
        envelope.number,
        envelope.type,
        content["payload"],
        content.get("timestamp"),
        content.get("source"),
    )
