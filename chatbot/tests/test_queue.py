"""The queue is announced soon, and not too often."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from chatbot.conversations import queue
from chatbot.models import Priority, Status
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_team
from realtime import groups, home, process
from realtime.events import Event

DEADLINE_SECONDS = 10
Sent = list[tuple[str, Event]]

real_request_announcement = queue._request_announcement


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What is handed to realtime."""
    items: Sent = []
    monkeypatch.setattr(queue, "send_many", items.extend)
    return items


@pytest.mark.django_db
def test_agents_hear_how_many_wait_and_how_long(sent: Sent) -> None:
    for n in range(2):
        make_session(f"s-{n}", status=Status.PENDING_MANUAL, waiting_since="2020-01-01T00:00:00Z")
    queue.send_queue()
    channel, event = sent[0]
    assert (channel, event.type, event.durable) == (groups.BROADCAST, "queue_update", False)
    assert event.payload["waiting"] == 2
    assert event.payload["longest_wait_seconds"] > 365 * 24 * 3600


@pytest.mark.django_db
def test_each_customer_hears_their_place(sent: Sent) -> None:
    for n in range(3):
        make_session(f"s-{n}", status=Status.PENDING_MANUAL, waiting_since=f"2020-01-0{3 - n}T00:00:00Z")
    queue.send_queue()
    places = {channel: event.payload["position"] for channel, event in sent if event.type == "queue_position"}
    assert places == {groups.session("s-2"): 1, groups.session("s-1"): 2, groups.session("s-0"): 3}


@pytest.mark.django_db
def test_a_queue_that_is_empty_now_is_announced_too(sent: Sent) -> None:
    make_session(status=Status.MANUAL_LIVE, last_activity_at=timezone.now())
    queue.send_queue()
    assert [(event.payload["waiting"], event.payload["longest_wait_seconds"]) for _, event in sent] == [(0, 0)]


@pytest.mark.django_db
def test_each_team_has_a_queue_of_its_own(sent: Sent) -> None:
    billing = make_team()
    make_session("s-1", status=Status.PENDING_MANUAL, waiting_since="2020-01-01T00:00:00Z")
    for n in range(2, 4):
        make_session(f"s-{n}", status=Status.PENDING_MANUAL, waiting_since=f"2020-01-0{n}T00:00:00Z", team=billing)
    queue.send_queue()
    lengths = {channel: event.payload["waiting"] for channel, event in sent if event.type == "queue_update"}
    assert lengths == {groups.BROADCAST: 1, groups.channel("team", str(billing.pk)): 2}
    places = {channel: event.payload["position"] for channel, event in sent if event.type == "queue_position"}
    assert places == {groups.session("s-1"): 1, groups.session("s-2"): 1, groups.session("s-3"): 2}


@pytest.mark.django_db
def test_who_is_urgent_has_the_first_place_but_not_the_longest_wait(sent: Sent) -> None:
    make_session("s-1", status=Status.PENDING_MANUAL, waiting_since="2020-01-01T00:00:00Z")
    urgent = {"priority": Priority.URGENT, "best_priority": Priority.URGENT}
    make_session("s-2", status=Status.PENDING_MANUAL, waiting_since=timezone.now(), **urgent)
    queue.send_queue()
    assert sent[0][1].payload["longest_wait_seconds"] > 365 * 24 * 3600
    places = {channel: event.payload for channel, event in sent if event.type == "queue_position"}
    assert places[groups.session("s-2")]["position"] == 1
    assert places[groups.session("s-2")]["why"].endswith("you are next.")
    # Whose place was shown before does not see it get worse, and is not told that he is next.
    assert places[groups.session("s-1")]["position"] == 1
    assert places[groups.session("s-1")]["why"].endswith("who is more urgent comes first.")


@pytest.mark.django_db
def test_of_a_queue_that_is_and_was_empty_nothing_is_said(sent: Sent) -> None:
    billing = make_team()
    make_session("s-1", status=Status.CLOSED, last_activity_at="2020-01-01T00:00:00Z")
    make_session("s-2", status=Status.PENDING_MANUAL, team=billing, last_activity_at="2020-01-01T00:00:00Z")
    queue.send_queue()
    assert [event.payload["team"]["name"] for _, event in sent if event.type == "queue_update"] == ["Billing"]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 12])
def test_any_number_of_teams_costs_eleven_queries(sent: Sent, count: int, django_assert_num_queries: Any) -> None:
    for n in range(count):
        make_session(f"s-{n}", status=Status.PENDING_MANUAL, team=make_team(f"team {n}"))
    with django_assert_num_queries(11):
        queue.send_queue()


@pytest.fixture
async def answers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[bool]]:
    """What the next attempts to announce find: whether it is this process's turn. Then it always is."""
    monkeypatch.setattr(home, "_home", home.Home(asyncio.get_running_loop()))
    monkeypatch.setattr(queue, "_request_announcement", real_request_announcement)
    yield []
    await process.current().stop()


@pytest.fixture
async def announcements(answers: list[bool], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moments at which an announcement is tried, in a home loop of this test."""
    moments: list[float] = []

    async def note(job: Any) -> bool:
        moments.append(asyncio.get_running_loop().time())
        return answers.pop(0) if answers else True

    monkeypatch.setattr(queue, "in_database", note)
    return moments


async def wait_for(moments: list[float], count: int) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while len(moments) < count:
            await asyncio.sleep(0.01)


async def test_many_changes_make_two_announcements_a_second_at_most(announcements: list[float]) -> None:
    for _ in range(3):
        for _ in range(100):
            real_request_announcement()
        await wait_for(announcements, 1)
    real_request_announcement()
    await wait_for(announcements, 2)
    await asyncio.sleep(0)
    assert announcements[1] - announcements[0] >= queue.INTERVAL_SECONDS
    assert len(announcements) == 2


@pytest.mark.django_db
def test_of_all_processes_one_announces(sent: Sent) -> None:
    make_session(status=Status.PENDING_MANUAL, waiting_since=timezone.now())
    assert queue.send_queue_in_turn()
    assert not queue.send_queue_in_turn()
    assert [event.type for _, event in sent] == ["queue_update", "queue_position"]


async def test_whose_turn_it_is_not_tries_once_more(announcements: list[float], answers: list[bool]) -> None:
    """The other process may have read the queue before this change; at the second try it has not."""
    answers[:] = [False, False]
    real_request_announcement()
    await wait_for(announcements, 2)
    assert announcements[1] - announcements[0] >= queue.INTERVAL_SECONDS
    assert not queue._changes[process.current()].is_set()


async def test_a_change_between_two_tries_has_two_of_its_own(announcements: list[float], answers: list[bool]) -> None:
    """The process that had the lease at the second change may have read the queue before it."""
    answers[:] = [False, False]
    real_request_announcement()
    await wait_for(announcements, 1)
    real_request_announcement()
    await wait_for(announcements, 3)


@pytest.mark.usefixtures("fresh_minute")
async def test_after_a_fault_the_next_change_is_announced(
    announcements: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(job: Any) -> bool:
        announcements.append(0.0)
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "in_database", fail)
        real_request_announcement()
        await wait_for(announcements, 1)
    real_request_announcement()
    await wait_for(announcements, 2)
    assert "could not announce the queue" in caplog.text


async def test_a_change_is_announced_from_any_thread(announcements: list[float]) -> None:
    await asyncio.to_thread(real_request_announcement)
    await wait_for(announcements, 1)


@pytest.mark.django_db
def test_nothing_is_announced_before_the_commit(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    requested: list[bool] = []
    monkeypatch.setattr(queue, "_request_announcement", lambda: requested.append(True))
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        queue.announce_queue()
        assert requested == []
    assert requested == [True]
