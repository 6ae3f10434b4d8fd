"""One subscriber that fails costs no other an event, nor the process its connection to Redis."""

from collections.abc import Iterator

import pytest

from realtime.delivery.frame import Frame
from realtime.delivery.relay import Relay
from realtime.events import Envelope
from realtime.layers.memory import MemoryLayer
from realtime.log import Head

CHANNEL = "sse_session_s-1"


class Recorder:
    """A subscriber that fails in the calls that it is told to fail in."""

    def __init__(self, *fails_in: str) -> None:
        self.fails_in = fails_in
        self.numbers: list[int | None] = []
        self.flushes = 0
        self.has_failed = False

    def put(self, frame: Frame) -> None:
        self._fail_in("put")
        self.numbers.append(frame.number)

    def flush(self) -> int:
        self._fail_in("flush")
        self.flushes += 1
        return 0

    def reset(self, channel: str, last: int) -> None:
        self._fail_in("reset")
        self.numbers.clear()

    def link_changed(self, degraded_since: float | None) -> None:
        self._fail_in("link_changed")
        self.flushes += 1

    def fail(self) -> None:
        self.has_failed = True
        self._fail_in("fail")

    def _fail_in(self, call: str) -> None:
        if call in self.fails_in:
            raise RuntimeError("for the test")


@pytest.fixture
async def relay() -> Relay:
    return Relay(MemoryLayer(), lambda: None)


def begin(relay: Relay, *subscribers: Recorder) -> None:
    for subscriber in subscribers:
        relay.register(subscriber, [CHANNEL])
    feed = relay.feeds[CHANNEL]
    relay.begin(feed, feed.mark(), Head(0, 0))


def copies(*numbers: int) -> list[tuple[str, bytes]]:
    return [(CHANNEL, b'{"type":"tick","payload":{},"id":%d}' % number) for number in numbers]


@pytest.fixture(params=["put", "flush"])
def faulty(request: pytest.FixtureRequest) -> Iterator[Recorder]:
    subscriber = Recorder(request.param)
    yield subscriber
    assert subscriber.has_failed


async def test_the_others_get_what_one_could_not_take(relay: Relay, faulty: Recorder) -> None:
    first, last = Recorder(), Recorder()
    begin(relay, first, faulty, last)
    relay.take(copies(1, 2))
    assert (first.numbers, last.numbers) == ([1, 2], [1, 2])
    assert (first.flushes, last.flushes) == (1, 1)


@pytest.mark.parametrize(
    "second",
    [copies(3), [(CHANNEL, b'{"type":"tick","payload":{"other":1},"id":1}')]],
    ids=["a gap", "two copies that differ"],
)
async def test_what_only_the_log_can_settle_has_it_read_at_once(second: list[tuple[str, bytes]]) -> None:
    """The safety read would find it, too, half a second later."""
    wanted: list[bool] = []
    relay = Relay(MemoryLayer(), lambda: wanted.append(True))
    begin(relay, Recorder())
    relay.take(copies(1))
    assert not wanted
    relay.take(second)
    assert wanted


async def test_a_gap_that_is_there_at_the_beginning_has_it_read_at_once() -> None:
    wanted: list[bool] = []
    relay = Relay(MemoryLayer(), lambda: wanted.append(True))
    relay.register(Recorder(), [CHANNEL])
    relay.take(copies(2))
    assert not wanted
    begin(relay)
    assert wanted


async def test_what_is_committed_here_reaches_the_others_too(relay: Relay, faulty: Recorder) -> None:
    other = Recorder()
    begin(relay, faulty, other)
    relay.committed([Envelope(CHANNEL, "tick", 1, b'{"type":"tick","payload":{},"id":1}')])
    assert (other.numbers, other.flushes) == ([1], 1)


async def test_one_that_cannot_even_be_ended_stops_nothing(relay: Relay) -> None:
    worst, other = Recorder("put", "flush", "fail"), Recorder()
    begin(relay, worst, other)
    relay.take(copies(1))
    assert other.numbers == [1]


@pytest.mark.parametrize("call", ["reset", "link_changed"])
async def test_a_reset_and_the_state_of_the_link_reach_the_others(relay: Relay, call: str) -> None:
    faulty, other = Recorder(call), Recorder()
    begin(relay, faulty, other)
    relay.take(copies(1))
    feed = relay.feeds[CHANNEL]
    relay.merge(feed, feed.mark(), Head(0, 0), [])
    relay.link_changed(1.0)
    assert (faulty.has_failed, other.numbers, other.flushes) == (True, [], 3)
