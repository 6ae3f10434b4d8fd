"""A customer who falls silent is reminded, then the conversation is closed: after the team's times, each once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from chatbot.conversations import lifecycle, reasons
from chatbot.conversations.closing import is_ratable
from chatbot.conversations.history import CUSTOMER, SYSTEM
from chatbot.conversations.locking import lock_session
from chatbot.conversations.transcript import write
from chatbot.models import ChatSession, Closing, HistoryEntry, Message, Role, Status, Team
from chatbot.tests.logged import types_on
from chatbot.tests.people import make_agent
from harness.threads import run_at_once
from realtime import groups
from workbench.access.agents import Agent
from workbench.actions.hold import hold
from workbench.actions.reply import reply
from workbench.actions.resume import resume
from workbench.admin.teams import TeamForm
from workbench.assignment.quiet_customers import _to_close, _to_remind, attend_quiet_customers, close_quiet, remind
from workbench.tests.ableness import make_able
from workbench.tests.agent import add_session

pytestmark = pytest.mark.django_db(transaction=True)

REMIND = 300
CLOSE = 600


def live(**fields: Any) -> Agent:
    """A session that Alice has, and has answered."""
    alice = Agent(make_able("alice", "Alice"), is_supervisor=False)
    add_session("s-1", Status.BOT_ACTIVE, **fields)
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.escalate(locked.session, actor=CUSTOMER, reason="", now=locked.now)
        lifecycle.take_over(locked.session, agent=alice.user, now=locked.now)
    reply(session_name="s-1", agent=alice, content="Which order is it?", client_id="a-1")
    return alice


def rule(**fields: Any) -> None:
    Team.objects.filter(is_default=True).update(**(fields or {"remind_seconds": REMIND, "close_seconds": CLOSE}))


def pass_time(seconds: int) -> None:
    """As if everything had happened so much earlier."""
    step = timedelta(seconds=seconds)
    for field in ("quiet_since", "reminded_at", "last_activity_at", "unanswered_since"):
        ChatSession.objects.filter(**{f"{field}__isnull": False}).update(**{field: F(field) - step})


def customer_writes() -> None:
    with transaction.atomic():
        locked = lock_session("s-1")
        write(
            locked.session, role=Role.CUSTOMER, sender="customer", content="One moment", client_id="c", now=locked.now
        )


def notices() -> list[str | None]:
    return [message.notice for message in Message.objects.filter(role=Role.SYSTEM).order_by("id")]


def status() -> str:
    return ChatSession.objects.get().status


def test_without_a_time_nothing_is_done(django_assert_num_queries: Any) -> None:
    live()
    pass_time(100_000)
    with django_assert_num_queries(1):
        assert attend_quiet_customers() == 0


def test_he_is_reminded_once_and_then_it_is_closed_once() -> None:
    live()
    rule()
    pass_time(REMIND - 5)
    assert attend_quiet_customers() == 0
    pass_time(5)
    assert attend_quiet_customers() == 1
    assert attend_quiet_customers() == 0
    pass_time(CLOSE - 5)
    assert attend_quiet_customers() == 0
    pass_time(5)
    assert attend_quiet_customers() == 1
    assert attend_quiet_customers() == 0
    assert (notices(), status()) == (["reminded", "quiet"], Status.CLOSED)


def test_reminder_and_end_are_in_the_customers_language() -> None:
    live(language="zh-hans")
    rule()
    pass_time(REMIND)
    attend_quiet_customers()
    pass_time(CLOSE)
    attend_quiet_customers()
    reminder, end = Message.objects.filter(role=Role.SYSTEM).order_by("id").values_list("content", flat=True)
    assert reminder.startswith("您还在吗")
    assert "已结束本次会话" in end


def test_a_team_may_only_remind() -> None:
    live()
    rule(remind_seconds=REMIND, close_seconds=None)
    pass_time(REMIND)
    attend_quiet_customers()
    pass_time(100_000)
    assert attend_quiet_customers() == 0
    assert notices() == ["reminded"]
    assert "closed" not in Message.objects.get(role=Role.SYSTEM).content


def test_who_waits_for_his_agent_is_not_hurried() -> None:
    live()
    rule()
    customer_writes()
    pass_time(100_000)
    assert attend_quiet_customers() == 0


def test_also_where_an_older_version_noted_what_he_wrote() -> None:
    live()
    rule()
    ChatSession.objects.update(unanswered_since=Now())
    pass_time(100_000)
    assert attend_quiet_customers() == 0


def test_an_agent_who_has_not_written_waits_for_nothing() -> None:
    make_able("alice")
    add_session("s-1", Status.BOT_ACTIVE)
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.take_from_bot(locked.session, agent=make_agent("alice"), now=locked.now)
    rule()
    pass_time(100_000)
    assert attend_quiet_customers() == 0


def test_what_is_on_hold_rests_and_its_end_begins_the_time_anew() -> None:
    alice = live()
    rule()
    hold(session_name="s-1", agent=alice)
    pass_time(100_000)
    assert attend_quiet_customers() == 0
    resume(session_name="s-1", agent=alice)
    assert attend_quiet_customers() == 0
    pass_time(REMIND)
    assert attend_quiet_customers() == 1


def test_what_an_agent_writes_on_hold_hurries_nobody() -> None:
    alice = live()
    rule()
    hold(session_name="s-1", agent=alice)
    reply(session_name="s-1", agent=alice, content="I am still asking.", client_id="a-2")
    pass_time(100_000)
    assert attend_quiet_customers() == 0


@pytest.mark.parametrize("answer", ["customer", "agent"])
def test_what_either_writes_after_the_reminder_begins_anew(answer: str) -> None:
    alice = live()
    rule()
    pass_time(REMIND)
    attend_quiet_customers()
    if answer == "customer":
        customer_writes()
    reply(session_name="s-1", agent=alice, content="And which colour?", client_id="a-2")
    pass_time(REMIND - 1)
    assert attend_quiet_customers() == 0
    pass_time(1)
    assert attend_quiet_customers() == 1
    assert notices() == ["reminded", "reminded"]


def test_history_says_why_and_nobody_is_asked_for_a_rating() -> None:
    live()
    rule()
    pass_time(REMIND)
    attend_quiet_customers()
    pass_time(CLOSE)
    attend_quiet_customers()
    line = HistoryEntry.objects.latest("id")
    assert (line.what, line.by) == ("closed", "system")
    assert reasons.history_sentence(line.what, line.why) == (
        f"The customer has not answered, nor within {CLOSE} s of a reminder"
    )
    closing = Closing.objects.get()
    assert (closing.reason, is_ratable(closing)) == ("no_reply", False)


def test_customer_and_desks_hear_of_the_end() -> None:
    live()
    rule()
    pass_time(REMIND)
    attend_quiet_customers()
    pass_time(CLOSE)
    attend_quiet_customers()
    assert types_on(groups.session("s-1"))[-3:] == ["new_message", "status_change", "new_message"]
    assert types_on(groups.BROADCAST)[-1] == "status_change"


def test_the_customer_reopens_it_by_writing() -> None:
    live()
    rule()
    pass_time(REMIND)
    attend_quiet_customers()
    pass_time(CLOSE)
    attend_quiet_customers()
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.reopen(locked.session, now=locked.now)
    assert status() == Status.BOT_ACTIVE
    pass_time(100_000)
    assert attend_quiet_customers() == 0


def test_another_agent_gives_him_the_whole_time_again() -> None:
    live()
    rule()
    pass_time(REMIND)
    attend_quiet_customers()
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.reassign(locked.session, agent=make_agent("bob"), now=locked.now)
    pass_time(REMIND - 1)
    assert attend_quiet_customers() == 0
    pass_time(1)
    assert attend_quiet_customers() == 1


def test_back_in_the_queue_he_waits_for_us() -> None:
    live()
    rule()
    with transaction.atomic():
        locked = lock_session("s-1")
        lifecycle.requeue(locked.session, actor=SYSTEM, now=locked.now)
    pass_time(100_000)
    assert attend_quiet_customers() == 0


def test_the_times_of_its_own_team_hold() -> None:
    live()
    rule()
    ChatSession.objects.update(team=Team.objects.create(name="Billing"))
    pass_time(REMIND)
    assert attend_quiet_customers() == 0
    assert not remind("s-1")
    Team.objects.update(remind_seconds=REMIND)
    assert attend_quiet_customers() == 1


def test_many_at_once_do_each_once() -> None:
    live()
    rule()
    pass_time(REMIND)
    assert sum(run_at_once(*[lambda: remind("s-1")] * 8)) == 1
    pass_time(CLOSE)
    assert sum(run_at_once(*[lambda: close_quiet("s-1")] * 8)) == 1
    assert notices() == ["reminded", "quiet"]


def test_a_session_that_is_gone_is_left_out() -> None:
    assert not remind("s-9")
    assert not close_quiet("s-9")


def test_with_5000_sessions_a_look_takes_three_queries_and_scans_none() -> None:
    rule()
    Team.objects.create(name="Billing", remind_seconds=REMIND, close_seconds=CLOSE)
    alice = make_agent("alice")
    rows = [
        ChatSession(name=f"s-{number}", status=Status.MANUAL_LIVE, assignee=alice, quiet_since=Now())
        for number in range(5_000)
    ]
    ChatSession.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as capture:
        assert attend_quiet_customers() == 0
    assert len(capture) == 3
    assert all(query["sql"].startswith("SELECT") for query in capture)


def test_the_admin_wants_a_reminder_before_an_end() -> None:
    team = Team.objects.get(is_default=True)
    fields = {"name": "Support", "assignment": "off", "offer_seconds": 20, "when_silent": "stay", "bot": "first"}
    given = {**fields, "time_zone": "UTC", "close_seconds": CLOSE}
    assert "remind_seconds" in TeamForm({**given}, instance=team).errors
    assert TeamForm({**given, "remind_seconds": REMIND}, instance=team).is_valid()
    assert "remind_seconds" in TeamForm({**given, "remind_seconds": 5}, instance=team).errors


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL goes by what it has counted")
def test_the_database_reads_only_those_who_are_quiet_for_long() -> None:
    rule()
    team = Team.objects.get(is_default=True)
    for due in (_to_remind({None: team}), _to_close({None: team})):
        assert "session_quiet" in due.explain()
