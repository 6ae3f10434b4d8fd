"""An event encoded once for all streams of this process."""

from django_eventstream.utils import sse_encode_event

from realtime.events import Envelope


def place_of(channel: str, number: int) -> bytes:
    """One part of a position, encoded (realtime/stream/position.py)."""
    return b"%b:%d" % (channel.encode(), number)


class Frame:
    """`body` is the event without its `id:` line; `numbered` has that of a stream of one channel, where the position is
    the same for everybody."""

    __slots__ = ("body", "channel", "envelope", "number", "numbered", "place")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.channel = envelope.channel
        self.number = envelope.number
        self.body: bytes = sse_encode_event(envelope.type, envelope.data.decode()).encode()
        self.place = place_of(envelope.channel, envelope.number or 0)
        self.numbered = b"id: %b\n%b" % (self.place, self.body)
