"""A feed delivers 1, 2, 3 … each once, whatever copies are lost, repeated, out of order or forged."""

from collections.abc import Sequence
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.delivery import feed as feed_module
from realtime.delivery.feed import Feed, LogDisagrees, Mark
from realtime.events import Envelope
from realtime.log import Head

CHANNEL = "sse_session_s-1"
Step = tuple[str, int]


def envelope(number: int | None, data: bytes = b"true") -> Envelope:
    return Envelope(CHANNEL, "tick", number, data)


def begun(last: int = 0) -> Feed:
    feed = Feed(CHANNEL)
    feed.begin(feed.mark(), Head(last, 0))
    return feed


def numbers(due: Sequence[Envelope]) -> list[int | None]:
    return [each.number for each in due]


class Site:
    """A feed, the log of its channel, and what was delivered."""

    def __init__(self, *, forges: bool) -> None:
        self.feed, self.head = begun(), 0
        self.delivered: list[tuple[int | None, bytes]] = []
        self.forges = forges
        self.mark: tuple[Mark, int] | None = None

    def step(self, what: str, back: int) -> None:
        number = self.head - back
        match what:
            case "commit":
                self.head += 1
            case "layer" | "own" if number > 0:
                self._got(self.feed.offer(envelope(number), trusted=what == "own"))
            case "forge" if self.forges:
                forged = envelope(number + 2 if number > -2 else 1, b"forged")
                self._got(self.feed.offer(forged, trusted=False))
            case "mark":
                self.mark = self.feed.mark(), self.head
            case "merge" if self.mark:
                (mark, head), self.mark = self.mark, None
                logged = [envelope(n) for n in range(mark.read_after + 1, min(head, mark.read_upto) + 1)]
                self._got(self.feed.merge(mark, Head(head, 0), logged))

    def finish(self) -> None:
        for what in ("mark", "merge", "mark", "merge"):
            self.step(what, 0)

    def _got(self, due: Sequence[Envelope]) -> None:
        self.delivered += [(each.number, each.data) for each in due]


WHAT = st.sampled_from(["commit", "commit", "layer", "layer", "own", "forge", "mark", "merge"])
STEPS = st.lists(st.tuples(WHAT, st.integers(0, 4)), max_size=60)


@given(STEPS)
@settings(max_examples=300, deadline=None)
def test_every_event_once_in_order(steps: list[Step]) -> None:
    site = Site(forges=False)
    for what, back in steps:
        site.step(what, back)
    site.finish()
    assert site.delivered == [(n, b"true") for n in range(1, site.head + 1)]


@given(STEPS)
@settings(max_examples=300, deadline=None)
def test_a_forgery_is_never_kept_in_silence(steps: list[Step]) -> None:
    site = Site(forges=True)
    try:
        for what, back in steps:
            site.step(what, back)
        site.head += 6  # what was forged is written by somebody, and so compared
        site.finish()
    except LogDisagrees:
        return
    assert all(data == b"true" for _, data in site.delivered)


def test_ones_own_ephemeral_event_comes_back_through_the_layer_only() -> None:
    assert numbers(begun().offer(envelope(None), trusted=True)) == []
    assert numbers(begun().offer(envelope(None), trusted=False)) == [None]


def test_a_gap_asks_for_the_log() -> None:
    feed = begun(5)
    assert numbers(feed.offer(envelope(7), trusted=False)) == []
    assert feed.needs_log
    assert numbers(feed.offer(envelope(6), trusted=False)) == [6, 7]


def test_what_comes_before_the_log_was_read_waits_for_it() -> None:
    feed = Feed(CHANNEL)
    for number in (5, 6, 7):
        assert not feed.offer(envelope(number), trusted=True)
    assert not feed.needs_log
    assert numbers(feed.begin(feed.mark(), Head(5, 0))) == [6, 7]


def test_a_gap_that_is_there_at_the_beginning_asks_for_the_log() -> None:
    feed = Feed(CHANNEL)
    feed.offer(envelope(7), trusted=True)
    assert not feed.begin(feed.mark(), Head(5, 0))
    assert feed.needs_log


def test_a_log_that_went_back_is_told() -> None:
    feed = begun(5)
    with pytest.raises(LogDisagrees, match="went back"):
        feed.merge(feed.mark(), Head(4, 0), [])


def test_a_log_that_went_back_behind_what_an_opening_saw_is_told() -> None:
    """Somebody was replayed an event that the feed has not delivered, and that is lost."""
    feed = begun(5)
    assert not feed.begin(feed.mark(), Head(6, 0))
    assert feed.needs_log
    with pytest.raises(LogDisagrees, match="went back"):
        feed.merge(feed.mark(), Head(5, 0), [])


def test_a_log_that_lost_what_is_due_is_told() -> None:
    feed = begun(5)
    with pytest.raises(LogDisagrees, match="no longer"):
        feed.merge(feed.mark(), Head(8, 7), [envelope(8)])


def test_what_the_log_cannot_have_is_dropped() -> None:
    feed = begun(5)
    feed.offer(envelope(1_000, b"forged"), trusted=False)
    feed.merge(feed.mark(), Head(5, 0), [])
    assert not feed.out_of_order


def test_what_comes_during_a_read_is_not_judged_by_it() -> None:
    feed = begun(5)
    mark = feed.mark()
    feed.offer(envelope(6), trusted=False)
    feed.offer(envelope(8), trusted=False)
    feed.merge(mark, Head(5, 0), [])
    assert (feed.last, list(feed.out_of_order), list(feed.unconfirmed)) == (6, [8], [6])


def test_a_bounded_number_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MAX_OUT_OF_ORDER", 3)
    monkeypatch.setattr(feed_module, "MAX_UNCONFIRMED", 3)
    feed = begun()
    for number in range(1, 10):
        feed.offer(envelope(number), trusted=False)
        feed.offer(envelope(number + 100), trusted=False)
    assert (len(feed.out_of_order), len(feed.unconfirmed), feed.last) == (3, 3, 3)
    assert feed.needs_log
    logged = [envelope(number) for number in range(1, 10)]
    assert numbers(feed.merge(feed.mark(), Head(9, 0), logged)) == list(range(4, 10))
    assert not feed.unconfirmed


@pytest.mark.parametrize("forged", [None, 3, 8])
def test_a_flood_is_compared_in_parts(monkeypatch: pytest.MonkeyPatch, forged: int | None) -> None:
    monkeypatch.setattr(feed_module, "MAX_READ", 4)
    feed = begun()
    for number in range(1, 11):
        feed.offer(envelope(number, b"forged" if number == forged else b"true"), trusted=False)
    parts = []
    with pytest.raises(LogDisagrees) if forged else nullcontext():
        while feed.unconfirmed:
            mark = feed.mark()
            parts.append((mark.read_after, mark.read_upto))
            logged = [envelope(number) for number in range(mark.read_after + 1, min(mark.read_upto, 10) + 1)]
            assert feed.merge(mark, Head(10, 0), logged) == []
    assert parts == {None: [(0, 4), (4, 8), (8, 12)], 3: [(0, 4)], 8: [(0, 4), (4, 8)]}[forged]
