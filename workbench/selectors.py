"""Reads of the workbench. A position is read before the rows that it goes with (chatbot/conversations/selectors.py)."""

import base64
import json
from datetime import UTC, datetime
from typing import Any, TypedDict

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from chatbot.conversations import selectors as chatbot_selectors
from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.errors import InvalidQuery
from chatbot.conversations.events import MessageJson, iso
from chatbot.models import ChatSession, Status
from workbench.access.agents import Agent
from workbench.access.sessions import may_read, readable_by

MAX_QUEUE_ITEMS = 200


class Customer(TypedDict):
    name: str
    email: str


class SessionItem(TypedDict):
    """A session as agents see it. `last_message` is empty where the agent may not read the conversation."""

    session_name: str
    status: str
    version: int
    agent: AgentJson | None
    customer: Customer
    language: str
    reason: str
    last_message: str
    last_activity_at: str
    created_at: str
    waiting_since: str | None
    closed_at: str | None


class SessionDetail(SessionItem):
    """With a page of messages, oldest first, and private notes."""

    messages: list[MessageJson]
    more: bool
    notes: list[Any]


class QueueItem(TypedDict):
    """`position` counts from 1: who waits longest is first."""

    session_name: str
    position: int
    waiting_seconds: int
    waiting_since: str
    last_message: str
    reason: str
    version: int
    customer: Customer


def agent_exists(agent_id: str) -> bool:
    """Whether an agent has this id (REALTIME_AGENT_EXISTS)."""
    return User.objects.filter(username=agent_id, is_active=True).exists()


def session_item(session: ChatSession, agent: Agent) -> SessionItem:
    """A session as this agent sees it; reads session.assignee, so fetch that with the session."""
    readable = may_read(agent, session.status, session.assignee_id)
    waiting_since = session.waiting_since if session.status == Status.PENDING_MANUAL else None
    return {
        "session_name": session.name,
        "status": session.status,
        "version": session.version,
        "agent": agent_json(session.assignee),
        "customer": _customer(session),
        "language": session.language,
        "reason": session.escalation_reason if readable else "",
        "last_message": session.last_message if readable else "",
        "last_activity_at": iso(session.last_activity_at),
        "created_at": iso(session.created_at),
        "waiting_since": iso(waiting_since) if waiting_since else None,
        "closed_at": iso(session.closed_at) if session.closed_at else None,
    }


def session_detail(session: ChatSession, agent: Agent, *, before: int | None, limit: int) -> SessionDetail:
    """The session with its last `limit` messages older than the message `before`."""
    messages, more = chatbot_selectors.message_page(session, before=before, limit=limit)
    return {**session_item(session, agent), "messages": messages, "more": more, "notes": []}


def session_page(
    agent: Agent, *, status: str | None, mine: bool, q: str, before: str | None, limit: int
) -> tuple[list[SessionItem], str | None]:
    """Sessions with the newest activity first, and the cursor of the next page, None on the last.

    Raises InvalidQuery for a cursor that is not ours.
    """
    rows = ChatSession.objects.select_related("assignee").order_by("-last_activity_at", "-id")
    if status:
        rows = rows.filter(status=status)
    if mine:
        rows = rows.filter(assignee=agent.user)
    if q:
        rows = rows.filter(_matches(q, agent))
    if before:
        rows = _older_than(rows, before)
    found = list(rows[: limit + 1])
    following = _cursor(found[limit - 1]) if len(found) > limit else None
    return [session_item(session, agent) for session in found[:limit]], following


def queue_page() -> tuple[list[QueueItem], int]:
    """The head of the queue and the number of all who wait."""
    waiting = ChatSession.objects.filter(status=Status.PENDING_MANUAL, waiting_since__isnull=False)
    first = list(waiting.order_by("waiting_since", "id").annotate(database_now=Now())[:MAX_QUEUE_ITEMS])
    total = waiting.count() if len(first) == MAX_QUEUE_ITEMS else len(first)
    return [_queue_item(session, place, session.database_now) for place, session in enumerate(first, 1)], total


def _queue_item(session: ChatSession, place: int, now: datetime) -> QueueItem:
    since = session.waiting_since or now
    return {
        "session_name": session.name,
        "position": place,
        "waiting_seconds": max(0, int((now - since).total_seconds())),
        "waiting_since": iso(since),
        "last_message": session.last_message,
        "reason": session.escalation_reason,
        "version": session.version,
        "customer": _customer(session),
    }


def _customer(session: ChatSession) -> Customer:
    return {"name": session.customer_name, "email": session.customer_email}


def _matches(q: str, agent: Agent) -> Q:
    """Text that an agent may not read cannot be searched by them either."""
    about = Q(name__icontains=q) | Q(customer_name__icontains=q) | Q(customer_email__icontains=q)
    return about | (Q(last_message__icontains=q) & readable_by(agent))


def _cursor(session: ChatSession) -> str:
    key = json.dumps([session.last_activity_at.isoformat(), session.pk])
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _older_than(rows: QuerySet[ChatSession], cursor: str) -> QuerySet[ChatSession]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, pk = json.loads(base64.urlsafe_b64decode(padded.encode()))
        at = datetime.fromisoformat(moment)
        if type(pk) is not int or not 0 < pk < 2**63 or at.tzinfo is None:
            raise ValueError("not a key")
        at = at.astimezone(UTC)  # not possible for each moment of the first and the last day that there are
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidQuery from None
    # The first condition alone is what an index can begin from: a deep page does not read what is before it.
    return rows.filter(last_activity_at__lte=at).filter(Q(last_activity_at__lt=at) | Q(last_activity_at=at, id__lt=pk))
