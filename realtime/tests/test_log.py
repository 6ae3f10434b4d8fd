import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from realtime import api, log
from realtime.api import Event
from realtime.groups import BROADCAST, agent, session
from realtime.log import retention
from realtime.log.writing import ROWS_A_STATEMENT
from realtime.models import ChannelHead, LoggedEvent

pytestmark = pytest.mark.django_db


def test_numbers_of_a_channel_have_no_holes() -> None:
    ids = [api.send_to_session("s-1", "tick", {"i": i}) for i in range(5)]
    assert ids == [1, 2, 3, 4, 5]


def test_channels_are_numbered_apart() -> None:
    assert api.send_to_session("s-1", "tick", {}) == 1
    assert api.send_to_session("s-2", "tick", {}) == 1


def test_rolled_back_event_leaves_no_hole() -> None:
    api.send_to_session("s-1", "tick", {})
    with transaction.atomic():
        api.send_to_session("s-1", "tick", {})
        transaction.set_rollback(True)
    assert api.send_to_session("s-1", "tick", {}) == 2


def test_a_lost_counter_goes_on_after_the_log() -> None:
    """With the number 1 given out again the channel would fail for ever, at once or where pruning ended."""
    for _ in range(3):
        api.send_to_session("s-1", "tick", {})
    retention.cut(session("s-1"), 1)
    ChannelHead.objects.filter(channel=session("s-1")).delete()
    assert api.send_many([(session(name), Event("tick", {})) for name in ("s-1", "s-2", "s-1")]) == [4, 1, 5]
    assert api.send_to_session("s-1", "tick", {}) == 6
    assert [event.number for event in log.read({session("s-1"): (0, 9)})[session("s-1")]] == [2, 3, 4, 5, 6]


def test_who_was_in_a_channel_whose_counter_was_lost_is_reset_or_goes_on() -> None:
    for _ in range(3):
        api.send_to_session("s-1", "tick", {})
    ChannelHead.objects.all().delete()
    api.send_to_session("s-1", "tick", {})
    head = log.heads([session("s-1")])[session("s-1")]
    assert (head.last, head.pruned) == (4, 3)


def test_many_events_that_begin_a_channel_are_written() -> None:
    count = ROWS_A_STATEMENT + 50
    assert api.send_many([(session("s-1"), Event("tick", {}))] * count) == list(range(1, count + 1))


def test_beginning_a_channel_costs_no_further_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2), transaction.atomic(savepoint=False):
        api.send_to_session("s-1", "tick", {})


def test_send_many_numbers_events_in_the_given_order() -> None:
    first, second = Event("tick", {"i": 1}), Event("tick", {"i": 2})
    ids = api.send_many([(session("s-1"), first), (agent("alice"), first), (session("s-1"), second)])
    assert ids == [1, 1, 2]
    logged = log.read({session("s-1"): (0, 2)})[session("s-1")]
    assert [envelope.payload for envelope in logged] == [{"i": 1}, {"i": 2}]


def test_ephemeral_event_is_not_logged() -> None:
    assert api.send_to_session("s-1", "typing", {}, durable=False) is None
    assert not LoggedEvent.objects.exists()


def test_ephemeral_events_alone_take_no_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    event = Event("typing", {}, durable=False)
    with django_assert_num_queries(0):
        assert api.send_many([(session("s-1"), event), (session("s-2"), event)]) == [None, None]


def test_ephemeral_event_of_a_transaction_that_is_rolled_back_is_not_sent(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        with transaction.atomic():
            api.send_to_session("s-1", "typing", {}, durable=False)
            transaction.set_rollback(True)
        assert callbacks == []
        api.send_to_session("s-1", "typing", {}, durable=False)
    assert len(callbacks) == 1


def test_invalid_event_among_many_writes_nothing() -> None:
    with pytest.raises(ValueError, match="JSON"):
        api.send_many([(BROADCAST, Event("tick", {})), (BROADCAST, Event("tick", {"a": object()}))])
    assert log.heads([BROADCAST])[BROADCAST].last == 0


def test_bad_channel_is_refused() -> None:
    with pytest.raises(ValueError, match="not a channel"):
        api.send_many([("elsewhere", Event("tick", {}))])  # type: ignore[list-item]


def test_many_channels_are_read_with_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    channels = [session(f"s-{i}") for i in range(50)]
    for channel in channels:
        api.send_many([(channel, Event("tick", {"i": i})) for i in range(3)])
    with django_assert_num_queries(1):
        events = log.read(dict.fromkeys(channels, (1, 3)))
    assert all([envelope.number for envelope in events[channel]] == [2, 3] for channel in channels)


def test_events_of_several_channels_are_written_with_two_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """Counters and events."""
    event = Event("tick", {})
    with transaction.atomic(), django_assert_num_queries(2):
        api.send_many([(session("s-1"), event), (agent("alice"), event), (session("s-2"), event)])


def test_more_channels_than_one_statement_takes() -> None:
    channels = [session(f"s-{i}") for i in range(ROWS_A_STATEMENT + 1)]
    for number in (1, 2):
        assert set(api.send_many([(channel, Event("tick", {})) for channel in channels])) == {number}
    written = log.read(dict.fromkeys(channels, (0, 2)))
    assert all([envelope.number for envelope in written[channel]] == [1, 2] for channel in channels)


def test_a_part_is_bounded_in_bytes_and_never_empty() -> None:
    for size in (10, 10, 30_000, 10, 10):
        api.send_to_session("s-1", "tick", {"text": "x" * size})
    parts = {after: log.read_part(session("s-1"), after, max_bytes=1_000) for after in (0, 2, 3, 5)}
    numbers = {after: [envelope.number for envelope in part] for after, part in parts.items()}
    assert numbers == {0: [1, 2, 3], 2: [3], 3: [4, 5], 5: []}
