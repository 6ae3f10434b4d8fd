"""The queue engine under any order of customers, agents, supervisors, deadlines and deaths, beside a model of it.

QUEUE_GAMES plays more of them than a usual run. A failure is not shrunk, which would take minutes.
"""

import contextlib
import os
from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
    run_state_machine_as_test,
)

from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.end_session import end_session
from chatbot.customers.actions.escalate import escalate
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.models import AgentPresence, AgentState, ChatSession, Offer, Priority, Team
from realtime.models import Lease
from tests.queue_game import (
    AGENTS,
    BOT,
    CLOSED,
    LIVE,
    SESSIONS,
    SUPERVISOR,
    WAITING,
    Game,
    agents,
    idle,
    if_any,
    live,
    offered,
    sessions,
    waiting,
    which,
)
from tests.queue_model import BILLING, DEFAULT, ModelAgent, ModelOffer
from workbench.actions.accept_offer import accept_offer
from workbench.actions.close import close
from workbench.actions.decline_offer import decline_offer
from workbench.actions.edit_session import edit_session
from workbench.actions.release import release
from workbench.actions.requeue import requeue, requeue_stranded
from workbench.actions.take_next import take_next
from workbench.actions.take_over import take_over
from workbench.actions.transfer import transfer_to_agent, transfer_to_team
from workbench.assignment import round
from workbench.assignment.drain import look
from workbench.assignment.stranded import find_stranded
from workbench.assignment.turn import LEASE, TURN, NotOurTurn
from workbench.tests.ableness import HOLDER

GAMES = 25
STEPS = 40


class Died(Exception):
    """A process is killed in the middle of a transaction."""


class Customers(Game):
    @if_any(idle)
    @rule(n=which)
    def ask(self, n: int) -> None:
        found = idle(self.model)
        session = found[n % len(found)]
        escalate(session_name=session.name, reason="", credentials=None)
        self._asked(session)

    @rule(name=sessions, verb=st.sampled_from(["ask", "give up", "leave"]))
    def do_anything(self, name: str, verb: str) -> None:
        """Allowed or not."""
        session = self.model.sessions[name]
        if verb == "ask":
            allowed = session.status in (BOT, CLOSED)
            if self.attempt(escalate, allowed=allowed, session_name=name, reason="", credentials=None):
                self._asked(session)
        elif verb == "give up":
            if self.attempt(cancel_escalation, allowed=session.status == WAITING, session_name=name, credentials=None):
                session.move("gave_up", BOT)
        elif self.attempt(end_session, allowed=session.status != CLOSED, session_name=name, credentials=None):
            session.move("closed", CLOSED)

    @rule(name=sessions)
    def write(self, name: str) -> None:
        session = self.model.sessions[name]
        self.written += 1  # the same client_id again would be the same message
        client_id = f"c-{self.written}"
        post_customer_message(session_name=name, content="hi", client_id=client_id, credentials=None)
        if session.is_held:
            session.is_held = False
            session.lines.append("resumed")
        if session.status == CLOSED:
            session.move("reopened", BOT)


class Agents(Customers):
    @if_any(waiting)
    @rule(name=sessions, who=agents)
    def take(self, name: str, who: str) -> None:
        session = self.model.sessions[name]
        if self.attempt(take_over, allowed=session.status == WAITING, session_name=name, agent=self.people[who]):
            session.move("taken", LIVE, who)

    @rule(who=agents)
    def take_the_next(self, who: str) -> None:
        teams = self.model.agents[who].teams
        waiting = [each for each in self.model.sessions.values() if each.status == WAITING and each.team in teams]
        taken = self.attempt(take_next, allowed=bool(waiting), agent=self.people[who])
        if taken:
            oldest = min(waiting, key=lambda each: (-each.priority, each.asked_at, SESSIONS.index(each.name)))
            assert taken.name == oldest.name
            oldest.move("taken", LIVE, who)

    @rule(name=sessions)
    def force(self, name: str) -> None:
        session = self.model.sessions[name]
        allowed = session.status == WAITING or (session.status == LIVE and session.agent != SUPERVISOR)
        arguments = {"session_name": name, "agent": self.people[SUPERVISOR], "force": True}
        if self.attempt(take_over, allowed=allowed, **arguments):
            session.move("taken", LIVE, SUPERVISOR)

    @if_any(offered)
    @rule(n=which)
    def accept(self, n: int) -> None:
        found = offered(self.model)
        session = found[n % len(found)]
        assert session.offer is not None
        line, who, allowed = session.offer.accepted_line, session.offer.receiver, not session.offer.is_overdue
        offer_id = self.offer_id(session)
        if self.attempt(accept_offer, allowed=allowed, offer_id=offer_id, agent=self.people[who]):
            session.move(line, LIVE, who)

    @if_any(offered)
    @rule(n=which)
    def decline(self, n: int) -> None:
        found = offered(self.model)
        session = found[n % len(found)]
        assert session.offer is not None
        who, allowed, offer_id = session.offer.receiver, not session.offer.is_overdue, self.offer_id(session)
        if self.attempt(decline_offer, allowed=allowed, offer_id=offer_id, agent=self.people[who]):
            session.lines.append("declined")
            if session.offer.sender is None:
                session.refused_by.add(who)
            session.offer = None

    @rule(name=sessions, priority=st.sampled_from(Priority))
    def prioritise(self, name: str, priority: Priority) -> None:
        edit_session(session_name=name, agent=self.people[SUPERVISOR], priority=priority)
        session = self.model.sessions[name]
        if session.priority != priority:
            session.priority = priority
            session.lines.append("prioritised")

    @if_any(live)
    @rule(n=which, verb=st.sampled_from(["release", "requeue", "close"]))
    def hand_over(self, n: int, verb: str) -> None:
        session = live(self.model)[n % len(live(self.model))]
        assert session.agent is not None
        action, status, line = {
            "release": (release, BOT, "released"),
            "requeue": (requeue, WAITING, "requeued"),
            "close": (close, CLOSED, "closed"),
        }[verb]
        asked = session.asked_at
        self.attempt(action, allowed=True, session_name=session.name, agent=self.people[session.agent])
        session.move(line, status)
        session.asked_at = asked if status == WAITING else None

    @if_any(live)
    @rule(n=which, to=agents)
    def pass_on(self, n: int, to: str) -> None:
        session = live(self.model)[n % len(live(self.model))]
        assert session.agent is not None
        earlier, session.offer = session.offer, None
        allowed = to != session.agent and self.model.could_take(to, session)
        arguments = {"session_name": session.name, "agent": self.people[session.agent], "to_agent": to}
        if not self.attempt(transfer_to_agent, allowed=allowed, **arguments):
            session.offer = earlier
            return
        session.lines += [*(["withdrawn"] if earlier else []), "offered"]
        session.offer = ModelOffer(to, sender=session.agent)

    @if_any(live)
    @rule(n=which, team=st.sampled_from([DEFAULT, BILLING]))
    def pass_to_team(self, n: int, team: str) -> None:
        session = live(self.model)[n % len(live(self.model))]
        assert session.agent is not None
        agent, asked = self.people[session.agent], session.asked_at
        transfer_to_team(session_name=session.name, agent=agent, to_team=self.teams[team].pk)
        session.move("moved", WAITING)
        session.team, session.asked_at = team, asked


class Circumstances(Agents):
    """What nobody of them does: pages, deadlines, the job and its death."""

    @if_any(live)
    @rule(n=which)
    def hold(self, n: int) -> None:
        session = live(self.model)[n % len(live(self.model))]
        session.is_held = not session.is_held
        ChatSession.objects.filter(name=session.name).update(held_since=Now() if session.is_held else None)

    @rule(who=agents, is_available=st.booleans())
    def choose(self, who: str, is_available: bool) -> None:
        agent = self.model.agents[who]
        agent.is_available = is_available
        self._note(agent)

    @rule(who=agents, is_connected=st.booleans(), is_noted=st.booleans())
    def open_or_close_the_page(self, who: str, is_connected: bool, is_noted: bool) -> None:
        """It is noted at once, or after the grace: until then he counts as able if he has a page."""
        agent = self.model.agents[who]
        agent.is_connected = is_connected
        if is_connected:
            AgentPresence.objects.get_or_create(agent=self.people[who].user, holder_id=HOLDER)
        else:
            AgentPresence.objects.filter(agent=self.people[who].user).delete()
        if is_connected or is_noted:
            self._note(agent)

    def _note(self, agent: ModelAgent) -> None:
        is_able = agent.is_available and agent.is_connected
        row = AgentState.objects.filter(agent=self.people[agent.name].user)
        if is_able and not agent.is_noted:
            wait_for_the_clock()
            row.update(able_since=Now(), availability="available")
            self.model.become_able(agent.name)
            wait_for_the_clock()
        elif not is_able and agent.is_noted:
            row.update(able_since=None)
            agent.is_noted = False

    @rule(who=agents, is_active=st.booleans())
    def employ(self, who: str, is_active: bool) -> None:
        self.model.agents[who].is_active = is_active
        User.objects.filter(username=who).update(is_active=is_active)
        for name in find_stranded():
            assert requeue_stranded(session_name=name)
            session = self.model.sessions[name]
            assert session.agent in AGENTS, session.agent
            assert not self.model.agents[session.agent].is_active
            asked = session.asked_at
            session.move("requeued", WAITING)
            session.asked_at = asked

    @if_any(offered)
    @rule(n=which)
    def let_run_out(self, n: int) -> None:
        session = offered(self.model)[n % len(offered(self.model))]
        assert session.offer is not None
        session.offer.is_overdue = True
        Offer.objects.filter(pk=self.offer_id(session)).update(expires_at=Now() - timedelta(seconds=1))

    @rule(was_killed=st.booleans())
    def assign(self, was_killed: bool) -> None:
        """The process that has the turn may have died; another one goes on when its lease has run out."""
        if was_killed:
            Lease.objects.update_or_create(name=LEASE, defaults={"holder": "died", "until": Now() + TURN})
        try:
            look()
        except NotOurTurn:
            assert Lease.objects.get(name=LEASE).holder == "died"
            self.both_say_the_same()  # nothing was begun
            Lease.objects.update(until=Now())
            look()
        self.model.lapse()
        self._check_offers()
        assert list(self.model.owed()) == []

    @rule()
    def die_while_assigning(self) -> None:
        Lease.objects.update(until=Now())
        with mock.patch.object(round, "send_many", side_effect=Died), contextlib.suppress(Died):
            look()
        self.model.lapse()

    def _check_offers(self) -> None:
        """Enter what the round has offered into the model, each if the model allows it."""
        known = {each.name for each in self.model.sessions.values() if each.offer}
        for row in Offer.objects.filter(ended_at=None).exclude(session__name__in=known).order_by("id"):
            session, receiver = self.model.sessions[row.session.name], row.receiver.username
            assert session.status == WAITING
            assert receiver not in session.refused_by
            assert self.model.could_take(receiver, session), f"{session.name} was offered to {receiver}"
            session.offer = ModelOffer(receiver)
            session.lines.append("offered")


def wait_for_the_clock() -> None:
    """Until the database's clock, which counts milliseconds, has moved."""
    moment = Team.objects.annotate(at=Now()).values_list("at", flat=True)
    before = moment[0]
    while moment[0] == before:
        pass


@pytest.mark.django_db
def test_no_order_of_events_breaks_a_promise() -> None:
    games = int(os.environ.get("QUEUE_GAMES", GAMES))
    run_state_machine_as_test(
        Circumstances,
        settings=settings(
            max_examples=games,
            stateful_step_count=STEPS,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
