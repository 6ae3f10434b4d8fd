"""Rules about waiting: tried once in each wait, on who has waited long enough."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from chatbot.conversations.events import Outgoing
from chatbot.models import ChatSession, HistoryEntry, Phase, Priority, QueueRule, SessionInterval, Status, TriedRule
from chatbot.tests.logged import logged, types_on
from chatbot.tests.people import make_agent, make_team
from realtime import groups
from workbench.access.agents import Agent
from workbench.actions.transfer import transfer_to_team
from workbench.assignment import waited_rules
from workbench.assignment.drain import look
from workbench.assignment.waited_rules import find_untried, try_rules, try_waited_rules
from workbench.tests.agent import add_session

pytestmark = pytest.mark.django_db(transaction=True)


def waits(name: str, seconds: int, **fields: Any) -> None:
    since = Now() - timedelta(seconds=seconds)
    add_session(name, waiting_since=since, **fields)
    SessionInterval.objects.create(session=session(name), phase=Phase.WAITING, began_at=since)


def session(name: str = "s-1") -> ChatSession:
    return ChatSession.objects.get(name=name)


def after(seconds: int = 60, **fields: Any) -> QueueRule:
    return QueueRule.objects.create(**{"name": "Long wait", "waited_seconds": seconds, **fields})


def test_who_has_waited_so_long_is_made_urgent() -> None:
    after(priority=Priority.URGENT, label="long wait")
    waits("s-1", 61)
    waits("s-2", 10)
    assert look()
    assert (session().priority, session().labels) == (Priority.URGENT, ["long wait"])
    assert (session("s-2").priority, session("s-2").labels) == (Priority.NORMAL, [])
    assert [e["payload"]["priority"] for e in logged(groups.BROADCAST)] == ["urgent"]
    lines = HistoryEntry.objects.filter(what="prioritised").values_list("by", "why")
    assert list(lines) == [("system", {"code": "rules", "rules": ["Long wait"], "priority": "urgent"})]


def test_what_an_agent_sets_afterwards_stays() -> None:
    after(priority=Priority.HIGH)
    waits("s-1", 61)
    assert try_waited_rules() == 1
    ChatSession.objects.update(priority=Priority.LOW)
    assert try_waited_rules() == 0
    assert session().priority == Priority.LOW


def test_it_waits_for_another_team_with_its_first_waiting_time() -> None:
    experts = make_team("Experts")
    after(team=experts)
    waits("s-1", 61)
    since = session().waiting_since
    try_waited_rules()
    assert (session().team_id, session().waiting_since) == (experts.pk, since)
    assert "transfer_request" in types_on(groups.channel("team", str(experts.pk)))
    assert "session_updated" in types_on(groups.BROADCAST)


def test_a_priority_is_never_lowered() -> None:
    after(priority=Priority.LOW)
    waits("s-1", 61, priority=Priority.HIGH)
    try_waited_rules()
    assert session().priority == Priority.HIGH
    assert logged(groups.BROADCAST) == []


def test_the_other_conditions_hold_too() -> None:
    after(priority=Priority.HIGH, words="refund", language="zh-hans")
    waits("s-1", 61, question="my refund")
    waits("s-2", 61, question="my refund", language="zh-hans")
    assert try_waited_rules() == 2
    assert (session().priority, session("s-2").priority) == (Priority.NORMAL, Priority.HIGH)
    assert try_waited_rules() == 0


def test_in_the_next_wait_it_is_tried_anew() -> None:
    after(priority=Priority.HIGH)
    waits("s-1", 61)
    try_waited_rules()
    TriedRule.objects.update(tried_at=Now() - timedelta(hours=1))
    ChatSession.objects.update(priority=Priority.NORMAL)
    assert try_waited_rules() == 1
    assert (session().priority, TriedRule.objects.count()) == (Priority.HIGH, 1)


def test_who_was_taken_between_the_look_and_the_lock_is_left_alone() -> None:
    rule = after(priority=Priority.HIGH)
    waits("s-1", 61)
    assert find_untried(rule) == ["s-1"]
    ChatSession.objects.update(status=Status.CLOSED)
    assert not try_rules([rule], session_name="s-1")
    assert not try_rules([rule], session_name="s-gone")
    assert session().priority == Priority.NORMAL


def test_of_two_that_are_due_the_first_names_the_team() -> None:
    first, second = make_team("First"), make_team("Second")
    after(30, name="2", order=2, team=second, label="b")
    after(60, name="1", order=1, team=first, label="a")
    waits("s-1", 61)
    assert try_waited_rules() == 1
    assert (session().team_id, session().labels) == (first.pk, ["a", "b"])


def test_who_was_served_meanwhile_waits_anew() -> None:
    """The first waiting time is kept while he is served; an agent's transfer is not undone."""
    billing = make_team("Billing")
    after(60, priority=Priority.URGENT)
    alice = Agent(make_agent("alice"), is_supervisor=False)
    add_session(status=Status.MANUAL_LIVE, assignee="alice", waiting_since=Now() - timedelta(minutes=10))
    transfer_to_team(session_name="s-1", agent=alice, to_team=billing.pk)
    assert try_waited_rules() == 0
    assert (session().team_id, session().priority) == (billing.pk, Priority.NORMAL)


def test_the_agents_of_the_team_that_it_leaves_hear_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Outgoing] = []
    monkeypatch.setattr(waited_rules, "send_many", told.extend)
    after(team=make_team("Experts"))
    waits("s-1", 61)
    try_waited_rules()
    [(channel, event)] = [each for each in told if each[1].type == "queue_update"]
    assert (channel, event.payload["waiting"]) == (groups.BROADCAST, 0)
