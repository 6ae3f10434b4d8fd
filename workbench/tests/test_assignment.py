"""Sessions that wait are offered, oldest first, to agents who can take them, until somebody has them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from chatbot.conversations import lifecycle, offers, reasons
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import AgentState, Assignment, ChatSession, HistoryEntry, Offer, Priority, Status, Team
from chatbot.tests.logged import logged, types_on
from chatbot.tests.people import hand_over_to
from realtime import groups
from realtime.log import leases
from realtime.models import Lease
from workbench.access.agents import Agent
from workbench.actions.close import close
from workbench.actions.decline_offer import decline_offer
from workbench.actions.requeue import requeue
from workbench.actions.take_next import take_next
from workbench.assignment.drain import look
from workbench.assignment.facts import MAX_WAITING
from workbench.assignment.lapses import end_lapsed_offers
from workbench.assignment.round import run_round
from workbench.assignment.turn import LEASE, TURN, NotOurTurn
from workbench.tests.ableness import be_able, disconnect, make_able
from workbench.tests.agent import add_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _offering() -> None:
    Team.objects.filter(is_default=True).update(assignment=Assignment.OFFER)


def waits(name: str, minutes: int = 1, **fields: Any) -> None:
    add_session(name, **fields)
    ChatSession.objects.filter(name=name).update(waiting_since=Now() - timedelta(minutes=minutes))


def offered() -> dict[str, str]:
    rows = Offer.objects.filter(ended_at=None).order_by("id")
    return dict(rows.values_list("session__name", "receiver__username"))


def run_out() -> None:
    Offer.objects.filter(ended_at=None).update(expires_at=Now() - timedelta(seconds=1))


def decline(username: str) -> None:
    offer = Offer.objects.select_related("receiver").get(receiver__username=username, ended_at=None)
    decline_offer(offer_id=str(offer.pk), agent=Agent(offer.receiver, is_supervisor=False))


def ask_again(name: str) -> None:
    with transaction.atomic():
        locked = lock_session(name)
        lifecycle.escalate(locked.session, actor=CUSTOMER, reason="", now=locked.now)


# Who gets whom


def test_the_oldest_is_offered_first() -> None:
    waits("later", 1)
    waits("first", 9)
    make_able("alice", capacity=1)
    assert run_round() == 1
    assert offered() == {"first": "alice"}


def test_a_higher_priority_comes_before_a_longer_wait() -> None:
    waits("first", 9)
    waits("urgent", 1, priority=Priority.URGENT)
    make_able("alice", capacity=1)
    run_round()
    assert offered() == {"urgent": "alice"}


def test_who_comes_back_is_offered_to_the_agent_whom_he_had() -> None:
    alice = make_able("alice")
    make_able("bob")
    add_session("busy", Status.MANUAL_LIVE, "alice")  # bob has fewer
    add_session("s-1", Status.BOT_ACTIVE)
    hand_over_to("s-1", "alice")
    close(session_name="s-1", agent=Agent(alice, is_supervisor=False))
    ask_again("s-1")
    assert run_round() == 1
    assert offered() == {"s-1": "alice"}
    assert reasons.sentence(Offer.objects.get().why) == "alice served this customer before"
    decline("alice")
    run_round()
    assert offered() == {"s-1": "bob"}


def test_who_hands_a_conversation_back_is_not_preferred() -> None:
    """Also if he had it before it was closed."""
    alice = make_able("alice")
    make_able("bob")
    add_session("busy", Status.MANUAL_LIVE, "alice")
    add_session("s-1", Status.BOT_ACTIVE, last_agent=alice)
    hand_over_to("s-1", "alice")
    requeue(session_name="s-1", agent=Agent(alice, is_supervisor=False))
    run_round()
    assert offered() == {"s-1": "bob"}


def test_a_team_that_does_not_offer_is_left_alone() -> None:
    Team.objects.update(assignment=Assignment.OFF)
    waits("s-1")
    make_able("alice")
    assert run_round() == 0
    assert not Lease.objects.filter(name=LEASE).exists()


def test_who_waits_for_a_team_that_does_not_offer_takes_nobodys_place() -> None:
    billing = Team.objects.create(name="Billing")
    before = {"status": Status.PENDING_MANUAL, "waiting_since": Now() - timedelta(hours=1)}
    ChatSession.objects.bulk_create(ChatSession(name=f"b-{n}", team=billing, **before) for n in range(MAX_WAITING))
    waits("s-1")
    make_able("alice")
    run_round()
    assert offered() == {"s-1": "alice"}


def test_each_team_has_its_agents() -> None:
    billing = Team.objects.create(name="Billing", assignment=Assignment.OFFER)
    waits("a", team=billing)
    waits("b")
    make_able("bob", team=billing)
    make_able("alice")
    run_round()
    assert offered() == {"a": "bob", "b": "alice"}


def test_live_sessions_and_offers_count_and_what_is_on_hold_does_not() -> None:
    make_able("alice", capacity=2)
    add_session("live", Status.MANUAL_LIVE, "alice")
    add_session("held", Status.MANUAL_LIVE, "alice", held_since=Now())
    for name in ("a", "b"):
        waits(name)
    assert run_round() == 1
    assert run_round() == 0


@pytest.mark.parametrize("why", [lambda: be_able("alice", False), lambda: disconnect("alice")])
def test_who_is_not_there_is_not_asked(why: Any) -> None:
    make_able("alice")
    why()
    waits("s-1")
    assert run_round() == 0


def test_who_is_deactivated_is_not_asked() -> None:
    agent = make_able("alice")
    agent.is_active = False
    agent.save()
    waits("s-1")
    assert run_round() == 0


def test_who_becomes_available_begins_slowly_where_the_team_says_so() -> None:
    Team.objects.update(ramp=1)
    make_able("alice", able_since=Now())
    for name in ("a", "b", "c"):
        waits(name)
    assert run_round() == 1
    AgentState.objects.update(able_since=Now() - timedelta(seconds=31))
    assert run_round() == 1


def test_the_receiver_hears_of_it_and_nobody_else() -> None:
    waits("s-1")
    make_able("alice", "Alice")
    run_round()
    [event] = logged(groups.agent("alice"))
    assert event["type"] == "transfer_offer"
    assert event["payload"]["why"] == "Alice has the fewest conversations (0 of 5) of 1 agent who can take one"
    assert types_on(groups.BROADCAST) == types_on(groups.session("s-1")) == []


# What becomes of an offer


def test_the_next_one_is_asked_and_told_what_became_of_the_first() -> None:
    waits("s-1")
    make_able("bob", "Bob")
    make_able("ann", "Ann", capacity=0)
    run_round()
    make_able("eve", "Eve")
    decline("bob")
    Offer.objects.update(ended_at=F("made_at") + timedelta(seconds=12))
    run_round()
    assert offered() == {"s-1": "eve"}
    said = reasons.sentence(Offer.objects.get(ended_at=None).why)
    assert said.startswith("Bob declined after 12 s; Ann is at capacity; Eve has the fewest")


def test_who_declined_is_asked_again_once_he_becomes_able_anew() -> None:
    waits("s-1")
    make_able("alice")
    run_round()
    decline("alice")
    assert run_round() == 0
    be_able("alice", False)
    be_able("alice", True)
    AgentState.objects.update(able_since=Now() + timedelta(seconds=1))
    assert run_round() == 1


def test_an_offer_that_runs_out_makes_away_and_leaves_the_first_waiting_time() -> None:
    waits("s-1", 9)
    make_able("alice")
    run_round()
    before = ChatSession.objects.values().get()
    run_out()
    assert end_lapsed_offers() == 1
    assert ChatSession.objects.values().get() == before
    state = AgentState.objects.get()
    assert (state.availability, state.able_since) == ("away", None)
    assert list(HistoryEntry.objects.values_list("what", flat=True)) == ["offered", "expired"]
    assert types_on(groups.agent("alice")) == ["transfer_offer", "offer_ended"]


def test_a_team_may_leave_him_available() -> None:
    Team.objects.update(lapse_makes_away=False)
    waits("s-1")
    make_able("alice")
    run_round()
    run_out()
    end_lapsed_offers()
    assert AgentState.objects.get().availability == "available"
    assert run_round() == 0  # he let this one run out


@pytest.mark.parametrize("why", [lambda: be_able("alice", False), lambda: disconnect("alice")])
def test_an_offer_to_who_is_gone_ends_before_its_time(why: Any) -> None:
    waits("s-1")
    make_able("alice")
    run_round()
    why()
    make_able("bob")
    look()
    assert offered() == {"s-1": "bob"}
    assert list(HistoryEntry.objects.values_list("what", flat=True)) == ["offered", "withdrawn", "offered"]


def test_pulling_beats_an_offer() -> None:
    waits("s-1")
    make_able("alice")
    run_round()
    bob = make_able("bob")
    assert take_next(agent=Agent(bob, is_supervisor=False)).name == "s-1"
    assert Offer.objects.get().end == "taken"


def test_a_freed_slot_goes_to_the_oldest() -> None:
    alice = make_able("alice", capacity=1)
    add_session("live", Status.MANUAL_LIVE, "alice")
    ChatSession.objects.filter(name="live").update(waiting_since=Now() - timedelta(minutes=5))
    waits("first", 9)
    waits("later", 1)
    assert run_round() == 0
    requeue(session_name="live", agent=Agent(alice, is_supervisor=False))
    run_round()
    assert offered() == {"first": "alice"}


def test_nothing_to_do_writes_nothing() -> None:
    make_able("alice")
    with CaptureQueriesContext(
        connection,
    ) as capture:
        assert look()
    assert len(capture) == 7
    assert all(query["sql"].startswith("SELECT") for query in capture)


def test_while_another_process_has_the_turn_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    waits("s-1")
    make_able("alice")
    with monkeypatch.context() as patch:
        patch.setattr(leases, "HOLDER", "another process")
        assert leases.hold(LEASE, TURN)
        assert leases.hold(LEASE, TURN)  # he renews it
    with pytest.raises(NotOurTurn):
        look()
    Lease.objects.update(until=Now())
    assert look()
    assert offered() == {"s-1": "alice"}


# What a round costs


def queries_of_a_round(sessions: int, agents: int) -> list[str]:
    make_able("first")
    for n in range(agents):
        make_able(f"a-{n}")
    for n in range(sessions):
        waits(f"s-{n}")
    Lease.objects.filter(name=LEASE).delete()  # each takes it anew, however soon it comes after another one
    with CaptureQueriesContext(connection) as capture:
        assert run_round() == sessions
    return [query["sql"].split()[0] for query in capture]


def test_a_round_costs_the_same_however_much_there_is() -> None:
    """But that SQLite takes few rows in one INSERT."""
    few = queries_of_a_round(2, 3)
    Offer.objects.all().delete()
    ChatSession.objects.all().delete()
    many = queries_of_a_round(60, 120)
    assert few == many


def test_two_rounds_at_once_offer_once() -> None:
    """The second one finds, under the locks, what the first has done."""
    waits("s-1")
    make_able("alice")
    run_round()
    assert run_round() == 0
    assert offers.open_offer(ChatSession.objects.get()) is not None
