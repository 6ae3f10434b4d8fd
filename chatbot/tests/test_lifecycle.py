"""Which status may follow which, and that a change is a compare-and-swap."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from chatbot.conversations import lifecycle
from chatbot.conversations.errors import AlreadyEscalated, AlreadyTaken, Conflict, InvalidStatus
from chatbot.models import ChatSession, Status
from chatbot.tests.customer import make_session
from chatbot.tests.people import make_agent

pytestmark = pytest.mark.django_db

Move = Callable[[ChatSession], str]

MOVES: dict[str, Move] = {
    "escalate": lambda session: lifecycle.escalate(session, reason="why", now=timezone.now()),
    "take_over": lambda session: lifecycle.take_over(session, agent=make_agent("bob")),
    "reassign": lambda session: lifecycle.reassign(session, agent=make_agent("bob")),
    "release": lifecycle.release,
    "requeue": lambda session: lifecycle.requeue(session, now=timezone.now()),
    "give_up_waiting": lifecycle.give_up_waiting,
    "close": lambda session: lifecycle.close(session, now=timezone.now()),
    "reopen": lifecycle.reopen,
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
    previous = MOVES[name](session)
    stored = ChatSession.objects.get()
    assert (previous, stored.status, stored.version) == (status, ALLOWED[status, name], 2)


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
    lifecycle.take_over(session, agent=make_agent("alice"))
    with pytest.raises(InvalidStatus):
        lifecycle.take_over(outdated, agent=make_agent("bob"))


def test_a_requeued_session_gets_its_place_back() -> None:
    asked_at = timezone.now() - timedelta(minutes=10)
    session = make_session()
    lifecycle.escalate(session, reason="why", now=asked_at)
    lifecycle.take_over(session, agent=make_agent("alice"))
    lifecycle.reassign(session, agent=make_agent("bob"))
    lifecycle.requeue(session, now=timezone.now())
    stored = ChatSession.objects.get()
    assert (stored.waiting_since, stored.escalation_reason) == (asked_at, "why")


def test_a_live_session_of_which_nobody_knows_since_when_waits_from_its_requeue() -> None:
    session = session_in(Status.MANUAL_LIVE)
    now = timezone.now()
    lifecycle.requeue(session, now=now)
    assert ChatSession.objects.get().waiting_since == now


@pytest.mark.parametrize("name", ["release", "close"])
def test_a_customer_who_asks_again_waits_anew(name: str) -> None:
    session = make_session()
    lifecycle.escalate(session, reason="why", now=timezone.now() - timedelta(minutes=10))
    lifecycle.take_over(session, agent=make_agent("alice"))
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
