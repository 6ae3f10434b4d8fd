"""Lists of thousands of sessions: each is read from an index, as far as its page goes (PostgreSQL: tests/sideways/)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chatbot.models import ChatSession, Message, Presence, PresenceHolder, Role, Status
from chatbot.tests.people import make_agent
from workbench import selectors
from workbench.access.agents import Agent
from workbench.lists.paging import LATEST
from workbench.tests.agent import make_colleague

pytestmark = pytest.mark.django_db

FEW, MANY = 50, 5_000
AGENTS, OPEN = 30, 40
TABLES = "chatbot_chatsession|chatbot_message|chatbot_presence"
# A table that is gone through without an index, and rows that are sorted since none has their order.
WASTEFUL = re.compile(rf"SCAN (?:{TABLES})\b(?! USING)|USE TEMP B-TREE FOR (?:LAST TERM OF )?ORDER BY")
LISTS = ["latest", "closed", "waiting", "mine", "unanswered", "mine unanswered", "from far behind", "queue"]


def fill(count: int, agent: Agent) -> None:
    """Sessions of which 24 wait and 16 are the agent's, as on a busy day, each with two messages."""
    now = timezone.now()
    for n in range(AGENTS):
        make_agent(f"colleague-{n}")
    sessions = ChatSession.objects.bulk_create(
        _session(n, count, agent, now - timedelta(seconds=n)) for n in range(count)
    )
    Message.objects.bulk_create(
        Message(session=session, role=Role.CUSTOMER, content="hi", sender="customer", client_id=f"c-{n}")
        for session in sessions
        for n in range(2)
    )
    holder = PresenceHolder.objects.create(name="p-1", lease_until=now + timedelta(seconds=20))
    Presence.objects.bulk_create(Presence(session=session, holder=holder) for session in sessions)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _session(n: int, count: int, agent: Agent, moment: Any) -> ChatSession:
    is_open, place = n * OPEN % count < OPEN, n * OPEN // count  # spread over all
    is_mine, is_waiting = is_open and place % 5 < 2, is_open and place % 5 >= 2
    status = Status.MANUAL_LIVE if is_mine else Status.PENDING_MANUAL if is_waiting else Status.CLOSED
    return ChatSession(
        name=f"s-{n}",
        status=status,
        assignee=agent.user if is_mine else None,
        waiting_since=moment if is_waiting else None,
        unanswered_since=moment if is_mine or is_waiting else None,
        last_activity_at=moment,
    )


def reading(kind: str, agent: Agent) -> Callable[[], object]:
    if kind == "queue":
        return lambda: selectors.queue_page(agent)
    middle = ChatSession.objects.order_by("last_activity_at")[ChatSession.objects.count() // 2]
    asked: dict[str, dict[str, Any]] = {
        "latest": {},
        "closed": {"status": Status.CLOSED},
        "waiting": {"status": Status.PENDING_MANUAL},
        "mine": {"mine": True},
        "unanswered": {"by_unanswered": True},
        "mine unanswered": {"mine": True, "by_unanswered": True},
        "from far behind": {"before": LATEST.cursor(middle)},
    }
    wanted = {"status": None, "mine": False, "q": "", "before": None, "limit": 30, **asked[kind]}
    return lambda: selectors.session_page(agent, **wanted)


def statements_of(call: Callable[[], object]) -> list[tuple[str, Any]]:
    """The SELECTs of a call with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        call()
    return found


def plans_of(statements: list[tuple[str, Any]]) -> str:
    lines = []
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            lines += [row[3] for row in cursor.fetchall()]
    return "\n".join(lines)


def test_each_list_is_read_from_an_index_in_as_many_queries_as_a_short_one() -> None:
    agent = make_colleague("alice")
    fill(FEW, agent)
    few = {kind: len(statements_of(reading(kind, agent))) for kind in LISTS}
    PresenceHolder.objects.all().delete()
    ChatSession.objects.all().delete()
    fill(MANY, agent)
    many = {kind: statements_of(reading(kind, agent)) for kind in LISTS}
    assert {kind: len(statements) for kind, statements in many.items()} == few
    plans = {kind: plans_of(statements) for kind, statements in many.items()}
    assert {kind: plan for kind, plan in plans.items() if WASTEFUL.search(plan)} == {}


def test_the_plan_of_a_bad_query_would_be_found() -> None:
    fill(FEW, make_colleague("alice"))
    plans = plans_of(statements_of(lambda: list(ChatSession.objects.order_by("customer_email"))))
    assert WASTEFUL.search(plans), plans
