"""The place that a waiting customer sees: it never gets worse, whoever comes, goes, returns or is made urgent."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.conversations.places import Place, place_of, places
from chatbot.models import QUEUE_ORDER, ChatSession, Priority, Status
from chatbot.tests.customer import make_session

BEGAN = datetime(2026, 11, 28, 12, tzinfo=UTC)
PRIORITIES = st.sampled_from(Priority)


@dataclass(frozen=True)
class Customer:
    """One who waits, as the database has him."""

    pk: int
    waiting_since: datetime
    queued_at: datetime
    priority: int = Priority.NORMAL
    best_priority: int = Priority.NORMAL
    raised_at: datetime | None = None


class QueueGame:
    """A team's queue, to which something happens each second, as lifecycle.py writes it."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.waiting: dict[int, Customer] = {}
        self._number = 0

    def arrive(self, priority: int, waited: int) -> None:
        """Somebody who asked so many seconds ago: who comes back to the queue keeps his first waiting time."""
        self._number += 1
        since = self.now - timedelta(seconds=waited)
        self.waiting[self._number] = Customer(self._number, since, self.now, priority, priority)

    def leave(self, which: int) -> None:
        self.waiting.pop(self._pick(which), None)

    def prioritise(self, which: int, priority: int) -> None:
        if (own := self.waiting.get(self._pick(which))) is None or own.priority == priority:
            return
        raised_at = self.now if priority > own.priority else own.raised_at
        best = max(own.best_priority, priority)
        self.waiting[own.pk] = replace(own, priority=priority, best_priority=best, raised_at=raised_at)

    def places(self) -> dict[int, Place]:
        queue = sorted(self.waiting.values(), key=lambda each: (-each.priority, each.waiting_since, each.pk))
        return {each.pk: place for each, place in zip(queue, places(queue), strict=True)}

    def _pick(self, which: int) -> int:
        names = sorted(self.waiting)
        return names[which % len(names)] if names else 0


STEPS = st.one_of(
    st.tuples(st.just("arrive"), PRIORITIES, st.integers(0, 600)),
    st.tuples(st.just("leave"), st.integers(0, 50)),
    st.tuples(st.just("prioritise"), st.integers(0, 50), PRIORITIES),
)


@given(st.lists(STEPS, max_size=60))
def test_it_never_gets_worse(steps: list[tuple[str, int, int]]) -> None:
    game = QueueGame()
    shown: dict[int, int] = {}
    for verb, *arguments in steps:
        game.now += timedelta(seconds=1)
        getattr(game, verb)(*arguments)
        for pk, place in game.places().items():
            assert 1 <= place.shown <= shown.get(pk, place.shown), f"{pk} after {verb}"
            assert place.shown <= place.rank
            shown[pk] = place.shown


@given(st.lists(STEPS, max_size=30))
def test_who_comes_sees_where_he_is_served(steps: list[tuple[str, int, int]]) -> None:
    game = QueueGame()
    for verb, *arguments in steps:
        game.now += timedelta(seconds=1)
        known = set(game.waiting)
        getattr(game, verb)(*arguments)
        for pk in set(game.waiting) - known:
            place = game.places()[pk]
            assert place.shown == place.rank


def test_among_equals_it_is_the_place_in_the_queue() -> None:
    game = QueueGame()
    for _ in range(5):
        game.now += timedelta(seconds=1)
        game.arrive(Priority.NORMAL, 0)
    assert list(game.places().values()) == [Place(n, n) for n in range(1, 6)]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_the_database_counts_the_same(seed: int) -> None:
    for n in range(12):
        make_session(
            f"s-{n}",
            status=Status.PENDING_MANUAL,
            priority=(n * 7 + seed) % 4,
            best_priority=(n * 5 + seed) % 4,
            waiting_since=BEGAN + timedelta(seconds=(n * 11 + seed) % 13),
            queued_at=None if n % 5 == 0 else BEGAN + timedelta(seconds=(n * 3 + seed) % 13),
            raised_at=None if n % 3 else BEGAN + timedelta(seconds=(n + seed) % 17),
        )
    queue = list(ChatSession.objects.order_by(*QUEUE_ORDER))
    assert [place_of(session) for session in queue] == list(places(queue))
