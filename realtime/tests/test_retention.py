from datetime import timedelta

import pytest
from django.db.models.functions import Now

from realtime import api, log
from realtime.delivery.opening import _start
from realtime.delivery.replay import PART_BYTES
from realtime.log.retention import prune
from realtime.models import LoggedEvent

pytestmark = pytest.mark.django_db

CHANNEL = api.Channel("sse_session_s-1")


def age(*numbers: int) -> None:
    LoggedEvent.objects.filter(number__in=numbers).update(created_at=Now() - timedelta(days=8))


def test_prefix_is_cut_by_number() -> None:
    for i in range(5):
        api.send_to_session("s-1", "tick", {"i": i})
    age(1, 3)  # clocks differ: 2 is younger than 3
    assert prune(timedelta(days=7)) == 3
    assert log.heads([CHANNEL])[CHANNEL] == log.Head(last=5, pruned=3)


def test_numbers_go_on_after_a_prune_to_empty() -> None:
    api.send_to_session("s-1", "tick", {})
    prune(timedelta(0))
    assert not LoggedEvent.objects.exists()
    assert api.send_to_session("s-1", "tick", {}) == 2


def test_pruning_twice_changes_nothing() -> None:
    api.send_to_session("s-1", "tick", {})
    age(1)
    assert [prune(timedelta(days=7)), prune(timedelta(days=7))] == [1, 0]


@pytest.mark.parametrize(("number", "is_reset"), [(2, True), (3, False), (5, False), (6, True)])
def test_position_before_the_cut_is_reset(number: int, is_reset: bool) -> None:
    for i in range(5):
        api.send_to_session("s-1", "tick", {"i": i})
    age(1, 2, 3)
    prune(timedelta(days=7))
    start = _start(number, log.heads([CHANNEL])[CHANNEL])
    assert start.reset is is_reset
    if not is_reset:
        events = log.read_part(CHANNEL, start.after, PART_BYTES)
        assert [envelope.number for envelope in events] == list(range(number + 1, 6))
