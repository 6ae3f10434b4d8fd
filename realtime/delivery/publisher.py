"""From a committed transaction to the relay of this process, at once, and to the layer, in order."""

import asyncio
from collections import deque
from collections.abc import Sequence

from realtime.delivery.relay import Relay
from realtime.events import Envelope
from realtime.layers.protocol import Layer, Message


class Publisher:
    """`publish` may be called from any thread; all else happens in the home loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, relay: Relay, layer: Layer) -> None:
        self._loop = loop
        self._relay = relay
        self._layer = layer
        self._committed: deque[Envelope] = deque()  # CPython's deque needs no lock
        self._is_woken = False
        self._under_way: set[asyncio.Future[Sequence[Message]]] = set()

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Hand committed events over and return at once; called on commit."""
        self._committed.extend(envelopes)
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._accept)

    def _accept(self) -> None:
        """Deliver and publish what was committed, all in this turn of the loop."""
        self._is_woken = False  # before the events are taken: one that is added from here on wakes the loop again
        envelopes = [self._committed.popleft() for _ in range(len(self._committed))]
        if not envelopes:
            return
        self._relay.committed(envelopes)
        sent = self._layer.publish([(envelope.channel, envelope.data) for envelope in envelopes])
        if not sent.done():
            self._under_way.add(sent)
            sent.add_done_callback(self._under_way.discard)

    async def flush(self) -> None:
        """Wait until everything handed over so far has been sent or given up."""
        self._accept()
        if self._under_way:
            await asyncio.wait(set(self._under_way))
