"""A customer whose agent does not answer, or is gone, is not left with an empty chair."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from chatbot.conversations import lifecycle, reasons
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import Afterwards, AgentState, ChatSession, HistoryEntry, Message, SessionInterval, Status, Team
from chatbot.tests.logged import types_on
from realtime import groups
from workbench.access.agents import Agent
from workbench.actions.reply import reply
from workbench.assignment.silence import requeue_unanswered
from workbench.tests.ableness import disconnect, make_able
from workbench.tests.agent import add_session

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 60


def live(*, minutes: int = 5) -> Agent:
    """A session that Alice took so long ago, without having answered yet."""
    alice = make_able("alice", "Alice")
    add_session("s-1", Status.BOT_ACTIVE)
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.escalate(locked.session, actor=CUSTOMER, reason="", now=locked.now)
        lifecycle.take_over(locked.session, agent=alice, now=locked.now)
    long_ago = Now() - timedelta(minutes=minutes)
    ChatSession.objects.update(waiting_since=long_ago, unanswered_since=long_ago, last_activity_at=long_ago)
    SessionInterval.objects.filter(ended_at=None).update(began_at=long_ago)
    return Agent(alice, is_supervisor=False)


def rule(**fields: Any) -> None:
    Team.objects.filter(is_default=True).update(**fields)


def waiting() -> bool:
    return ChatSession.objects.get().status == Status.PENDING_MANUAL


def test_without_a_limit_nothing_is_done(django_assert_num_queries: Any) -> None:
    live()
    disconnect("alice")
    with django_assert_num_queries(1):
        assert requeue_unanswered() == 0


def test_a_silent_agent_loses_it() -> None:
    live()
    rule(first_reply_seconds=LIMIT)
    asked_at = ChatSession.objects.get().waiting_since
    assert requeue_unanswered() == 1
    session = ChatSession.objects.get()
    assert (session.status, session.assignee, session.waiting_since) == (Status.PENDING_MANUAL, None, asked_at)
    assert requeue_unanswered() == 0


def test_the_customer_is_told_in_a_sentence() -> None:
    live()
    rule(first_reply_seconds=LIMIT)
    requeue_unanswered()
    notice = Message.objects.get()
    assert notice.content.startswith("Alice could not answer in time. We are looking for somebody else")
    assert notice.notice == "silent"


def test_every_desk_hears_of_it_and_the_history_says_why() -> None:
    live()
    rule(first_reply_seconds=LIMIT)
    requeue_unanswered()
    assert types_on(groups.BROADCAST) == ["transfer_request", "status_change", "agent_status"]
    line = HistoryEntry.objects.latest("id")
    assert (line.what, line.by) == ("requeued", "system")
    assert reasons.sentence(line.why) == "Alice did not answer within 60 s"


def test_who_was_silent_is_not_asked_next() -> None:
    live()
    rule(first_reply_seconds=LIMIT)
    requeue_unanswered()
    state = AgentState.objects.get()
    assert (state.availability, state.able_since) == ("away", None)


def test_who_has_answered_once_is_not_silent() -> None:
    alice = live()
    rule(first_reply_seconds=LIMIT)
    reply(session_name="s-1", agent=alice, content="hello", client_id="a-1")
    ChatSession.objects.update(unanswered_since=Now())  # the customer writes again
    assert requeue_unanswered() == 0


def test_there_is_time_for_an_answer() -> None:
    live(minutes=0)
    rule(first_reply_seconds=LIMIT)
    assert requeue_unanswered() == 0


def test_what_is_on_hold_waits_for_its_customer() -> None:
    live()
    disconnect("alice")
    rule(first_reply_seconds=LIMIT, vanished_seconds=LIMIT)
    ChatSession.objects.update(held_since=Now())
    assert requeue_unanswered() == 0


def test_an_agent_who_vanished_loses_it() -> None:
    live()
    rule(vanished_seconds=LIMIT)
    assert requeue_unanswered() == 0  # his page is open
    disconnect("alice")
    AgentState.objects.update(last_seen_at=Now())
    assert requeue_unanswered() == 0  # not for long enough
    AgentState.objects.update(last_seen_at=Now() - timedelta(seconds=LIMIT + 1))
    assert requeue_unanswered() == 1
    assert Message.objects.get().content.startswith("Alice has lost the connection.")


def test_one_without_any_page_has_it_for_as_long_as_allowed() -> None:
    live(minutes=0)
    rule(vanished_seconds=LIMIT)
    disconnect("alice")
    assert requeue_unanswered() == 0
    SessionInterval.objects.filter(ended_at=None).update(began_at=Now() - timedelta(minutes=5))
    assert requeue_unanswered() == 1


def test_a_team_may_let_it_stay() -> None:
    live()
    disconnect("alice")
    rule(first_reply_seconds=LIMIT, vanished_seconds=LIMIT, when_silent=Afterwards.STAY)
    assert requeue_unanswered() == 0
    assert not waiting()


def test_the_limit_of_its_own_team_holds() -> None:
    live()
    rule(first_reply_seconds=LIMIT)
    ChatSession.objects.update(team=Team.objects.create(name="Billing"))
    assert requeue_unanswered() == 0
    Team.objects.update(first_reply_seconds=LIMIT)
    assert requeue_unanswered() == 1
