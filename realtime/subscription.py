"""`subscribe`: read channels from Python as a stream does, in order, each event once."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from realtime import home, process
from realtime.events import Envelope
from realtime.groups import BROADCAST, Channel, agent, session
from realtime.relay import Frame, Start

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

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._events: deque[Envelope | Missed] = deque()
        self._ready = asyncio.Event()
        self._is_full = False

    def deliver(self, channel: str, number: int | None, frame: Frame) -> None:
        if len(self._events) >= MAX_BACKLOG_EVENTS:
            self._put(Missed(channel))
        else:
            self._put(Envelope(channel, frame.type, number, frame.data))

    def reset(self, channel: str, last: int) -> None:
        self._put(Missed(channel))

    def _put(self, event: Envelope | Missed) -> None:
        self._events.append(event)
        if home.loop() is self._loop:
            self._ready.set()
        else:
            self._loop.call_soon_threadsafe(self._ready.set)

    async def read(self, starts: Mapping[str, Start]) -> AsyncGenerator[Envelope, None]:
        reached = {}
        for channel, start in starts.items():
            if start.reset:
                raise Missed(channel)
            reached[channel] = start.after
            for envelope in start.events:
                reached[channel] = envelope.number or reached[channel]
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


def _wanted(*, session_name: str | None, agent_id: str | None, broadcast: bool) -> list[Channel]:
    channels = []
    if session_name is not None:
        channels.append(session(session_name))
    if agent_id is not None:
        channels.append(agent(agent_id))
    if broadcast:
        channels.append(BROADCAST)
    if not channels:
        raise ValueError("name what to subscribe to: session=, agent= or broadcast=True")
    return channels


async def subscribe(
    *,
    session: str | None = None,
    agent: str | None = None,
    broadcast: bool = False,
    after: int | Mapping[Channel, int] | None = None,
) -> AsyncGenerator[ReceivedEvent, None]:
    """Replay the events after `after`, then go on live: in order, each once. Works in any event loop.

    `after` is the id of the last event seen ({channel: id} for several channels), None for live from now.
    Raises ValueError for a bad name, Missed if events after `after` are gone or the reader is too slow,
    DatabaseError if the log cannot be read.
    """
    channels = _wanted(session_name=session, agent_id=agent, broadcast=broadcast)
    if isinstance(after, int):
        if len(channels) > 1:
            raise ValueError("several channels need after={channel: id}")
        after = {channels[0]: after}
    positions: dict[str, int | None] = {channel: (after or {}).get(channel) for channel in channels}
    runtime = await process.start()
    subscription = Subscription(asyncio.get_running_loop())
    starts = await home.run_at_home(runtime.relay.subscribe(subscription, positions))
    try:
        async for envelope in subscription.read(starts):
            yield _received(envelope)
    finally:
        home.loop().call_soon_threadsafe(runtime.relay.unsubscribe, subscription, channels)


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
