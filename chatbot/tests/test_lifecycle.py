"""Which status may follow which, and that a change is a compare-and-swap."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from chatbot.conversations import lifecycle
from chatbot.conversations.change import Change
from chatbot.conversations.errors import AlreadyEscalated, AlreadyTaken, Conflict, InvalidStatus
from chatbot.conversations.history import CUSTOMER, SYSTEM
from chatbot.models import ChatSession, HistoryEntry, Phase, SessionInterval, Status
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_agent

pytestmark = pytest.mark.django_db

Move = Callable[[ChatSession], Change]

MOVES: dict[str, Move] = {
    "escalate": lambda session: lifecycle.escalate(session, actor=CUSTOMER, reason="why", now=timezone.now()),
    "take_over": lambda session: lifecycle.take_over(session, agent=make_agent("bob"), now=timezone.now()),
    "reassign": lambda session: lifecycle.reassign(session, agent=make_agent("bob"), now=timezone.now()),
    "release": lambda session: lifecycle.release(session, actor=SYSTEM, now=timezone.now()),
    "requeue": lambda session: lifecycle.requeue(session, actor=SYSTEM, now=timezone.now()),
    "give_up_waiting": lambda session: lifecycle.give_up_waiting(session, actor=CUSTOMER, now=timezone.now()),
    "close": lambda session: lifecycle.close(session, actor=CUSTOMER, now=timezone.now()),
    "reopen": lambda session: lifecycle.reopen(session, now=timezone.now()),
}

ALLOWED = {
    (Status.BOT_ACTIVE, "escalate"): Status.PENDING_MANUAL,
    (Status.BOT_ACTIVE, "close"): Status.CLOSED,
    (Status.PENDING_MANUAL, "take_over"): Status.MANUAL_LIVE,
    (Status.PENDING_MANUAL, "give_up_waiting"): Status.BOT_ACTIVE,
    (Status.PENDING_MANUAL, "close"): Status.CLOSED,
    (Status.MANUAL_LIVE, "reassign"): Status.MANUAL_LIVE,
    (Status.MANUAL_LIVE, "release"): Status.BOT_ACTIVE,
    (Status.MANUAL_LIVE, "requeue"): Status.PENDING_MANUAL,
    (Status.MANUAL_LIVE, "close"): Status.CLOSED,
    (Status.CLOSED, "reopen"): Status.BOT_ACTIVE,
    (Status.CLOSED, "escalate"): Status.PENDING_MANUAL,
}
REFUSED = [(status, name) for status in Status for name in MOVES if (status, name) not in ALLOWED]


def session_in(status: Status) -> ChatSession:
    assignee = make_agent("alice") if status == Status.MANUAL_LIVE else None
    since = timezone.now() if status == Status.PENDING_MANUAL else None
    return make_session(status=status, assignee=assignee, waiting_since=since)


@pytest.mark.parametrize(("status", "name"), list(ALLOWED))
def test_an_allowed_change_is_made(status: Status, name: str) -> None:
    session = session_in(status)
    change = MOVES[name](session)
    stored = ChatSession.objects.get()
    assert (change.previous, stored.status, stored.version) == (status, ALLOWED[status, name], 2)


@pytest.mark.parametrize(("status", "name"), list(ALLOWED))
def test_the_instance_keeps_in_step_with_its_row(status: Status, name: str) -> None:
    session = session_in(status)
    MOVES[name](session)
    stored = ChatSession.objects.get()
    for field in ("status", "version", "assignee_id", "waiting_since", "escalation_reason", "closed_at"):
        assert getattr(session, field) == getattr(stored, field), field


@pytest.mark.parametrize(("status", "name"), REFUSED)
def test_another_change_is_refused_and_changes_nothing(status: Status, name: str) -> None:
    session = session_in(status)
    before = ChatSession.objects.values().get()
    with pytest.raises(Conflict):
        MOVES[name](session)
    assert ChatSession.objects.values().get() == before


@pytest.mark.parametrize(("status", "name"), list(ALLOWED))
def test_only_a_live_session_has_an_assignee(status: Status, name: str) -> None:
    session = session_in(status)
    MOVES[name](session)
    assert (session.assignee is not None) == (session.status == Status.MANUAL_LIVE)


def test_a_change_on_an_outdated_instance_is_refused() -> None:
    session = session_in(Status.PENDING_MANUAL)
    outdated = ChatSession.objects.get()
    lifecycle.take_over(session, agent=make_agent("alice"), now=timezone.now())
    with pytest.raises(InvalidStatus):
        lifecycle.take_over(outdated, agent=make_agent("bob"), now=timezone.now())


def test_a_requeued_session_gets_its_place_back() -> None:
    asked_at = timezone.now() - timedelta(minutes=10)
    session = make_session()
    lifecycle.escalate(session, actor=CUSTOMER, reason="why", now=asked_at)
    lifecycle.take_over(session, agent=make_agent("alice"), now=timezone.now())
    lifecycle.reassign(session, agent=make_agent("bob"), now=timezone.now())
    lifecycle.requeue(session, actor=SYSTEM, now=timezone.now())
    stored = ChatSession.objects.get()
    assert (stored.waiting_since, stored.escalation_reason) == (asked_at, "why")


def test_a_live_session_of_which_nobody_knows_since_when_waits_from_its_requeue() -> None:
    session = session_in(Status.MANUAL_LIVE)
    now = timezone.now()
    lifecycle.requeue(session, actor=SYSTEM, now=now)
    assert ChatSession.objects.get().waiting_since == now


@pytest.mark.parametrize("name", ["release", "close"])
def test_a_customer_who_asks_again_waits_anew(name: str) -> None:
    session = make_session()
    lifecycle.escalate(session, actor=CUSTOMER, reason="why", now=timezone.now() - timedelta(minutes=10))
    lifecycle.take_over(session, agent=make_agent("alice"), now=timezone.now())
    MOVES[name](session)
    assert ChatSession.objects.get().waiting_since is None


def test_escalating_twice_says_so() -> None:
    with pytest.raises(AlreadyEscalated):
        MOVES["escalate"](session_in(Status.PENDING_MANUAL))


def test_taking_over_what_is_taken_names_the_agent() -> None:
    session = session_in(Status.MANUAL_LIVE)
    with pytest.raises(AlreadyTaken) as refused:
        MOVES["take_over"](session)
    assert refused.value.details() == {"agent": {"id": "alice", "name": "alice"}}


@pytest.mark.parametrize(("status", "name"), list(ALLOWED))
def test_a_change_writes_one_line_of_history(status: Status, name: str) -> None:
    session = session_in(status)
    MOVES[name](session)
    [line] = HistoryEntry.objects.all()
    assert (line.session_id, line.by in ("agent", "customer", "system")) == (session.pk, True)
    assert (line.agent is not None) == (line.by == "agent")


@pytest.mark.parametrize(("status", "name"), REFUSED)
def test_a_refused_change_leaves_no_line(status: Status, name: str) -> None:
    session = session_in(status)
    with pytest.raises(Conflict):
        MOVES[name](session)
    assert not HistoryEntry.objects.exists()


def test_intervals_follow_each_other_without_a_hole() -> None:
    began = timezone.now() - timedelta(hours=1)
    at = [began + timedelta(minutes=n) for n in range(5)]
    session, alice, bob = make_session(), make_agent("alice"), make_agent("bob")
    lifecycle.escalate(session, actor=CUSTOMER, reason="", now=at[0])
    lifecycle.take_over(session, agent=alice, now=at[1])
    lifecycle.reassign(session, agent=bob, now=at[2])
    lifecycle.requeue(session, actor=SYSTEM, now=at[3])
    lifecycle.close(session, actor=CUSTOMER, now=at[4])
    intervals = SessionInterval.objects.order_by("id").values_list("phase", "agent", "began_at", "ended_at")
    assert list(intervals) == [
        (Phase.WAITING, None, at[0], at[1]),
        (Phase.LIVE, alice.pk, at[1], at[2]),
        (Phase.LIVE, bob.pk, at[2], at[3]),
        (Phase.WAITING, None, at[3], at[4]),
    ]
