"""Reads of the workbench. A position is read before the rows that it goes with (chatbot/conversations/selectors.py)."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from typing_extensions import TypedDict

from chatbot.bot.engine.choice import language_model_of
from chatbot.conversations import selectors as chatbot_selectors
from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.closing import last_closing
from chatbot.conversations.events import MessageJson, NotedCustomerJson, OnHold, iso, noted_customer_json, on_hold_json
from chatbot.conversations.mailed import MailedJson, mailed_json
from chatbot.conversations.presence import present
from chatbot.conversations.reasons import sentence
from chatbot.conversations.receipts import Receipts, receipts_of
from chatbot.conversations.teams import TeamJson, priority_name, team_of, teams_by_key
from chatbot.models import QUEUE_ORDER, AvailabilityReason, ChatSession, Closing, Offer, Status
from workbench.access.agents import Agent
from workbench.access.sessions import listed_for, may_read, readable_by, waiting_for
from workbench.lists.paging import LATEST, UNANSWERED
from workbench.lists.unread import unread_counts

MAX_QUEUE_ITEMS = 200


class SessionItem(TypedDict):
    """A session as agents see it. What was said is empty, and `unread` 0, where the agent may not read it.

    `page` is the address that the customer came from; `question` is what he last said before asking for an agent;
    `unanswered_since` is when an agent's answer was first missing, null if none is; `unread` counts the customer's
    messages that this agent has not seen; `customer_online` says whether the customer has a page open, which a page
    that is loaded anew does not end.
    """

    session_name: str
    status: str
    version: int
    agent: AgentJson | None
    customer: NotedCustomerJson
    language: str
    page: str
    team: TeamJson
    priority: str
    labels: list[str]
    question: str
    unanswered_since: str | None
    unread: int
    customer_online: bool
    on_hold: OnHold | None
    reason: str
    last_message: str
    last_activity_at: str
    created_at: str
    waiting_since: str | None
    closed_at: str | None


class ClosingJson(TypedDict):
    """How it ended: `agent` is null where the customer ended it; `score` (1 to 5) and `comment` are the customer's."""

    agent: AgentJson | None
    reason: str
    summary: str
    follow_up_on: str | None
    closed_at: str
    score: int | None
    comment: str


class SessionDetail(SessionItem):
    """With a page of messages, oldest first, and private notes; `closing` is null while it is open.

    `summary`: what was said with the bot before an agent was called, "" if nothing was. `has_language_model`: whether
    one is set up for its team, which sums up and translates for agents.
    """

    messages: list[MessageJson]
    more: bool
    receipts: Receipts
    summary: str
    has_language_model: bool
    closing: ClosingJson | None
    mailed: MailedJson | None
    notes: list[Any]


class QueueItem(TypedDict):
    """`position` counts from 1 in the team's queue: of equal priority, who waits longest is first."""

    session_name: str
    position: int
    team: TeamJson
    priority: str
    labels: list[str]
    waiting_seconds: int
    waiting_since: str
    last_message: str
    reason: str
    version: int
    customer: NotedCustomerJson
    question: str
    language: str
    unanswered_since: str | None
    unread: int
    customer_online: bool


_From = TypedDict("_From", {"from": AgentJson | None})


class OfferItem(_From):
    """An open offer: `from` is null where the queue makes it, `why` a sentence in the reader's language."""

    offer_id: int
    session_name: str
    note: str
    why: str
    expires_at: str


def agent_exists(agent_id: str) -> bool:
    """Whether an agent has this id (REALTIME_AGENT_EXISTS)."""
    return User.objects.filter(username=agent_id, is_active=True).exists()


def suggested_reasons() -> dict[str, list[str]]:
    """What agents may pick to say why they are busy or away, by availability."""
    suggested: dict[str, list[str]] = {}
    for availability, text in AvailabilityReason.objects.values_list("availability", "text"):
        suggested.setdefault(availability, []).append(text)
    return suggested


def session_item(session: ChatSession, agent: Agent) -> SessionItem:
    """A session as this agent sees it; three queries, and session.assignee, so fetch that with the session."""
    return _items([session], agent)[0]


def _items(sessions: Sequence[ChatSession], agent: Agent) -> list[SessionItem]:
    unread, online, teams = unread_counts(sessions, agent), present(sessions), teams_by_key()
    return [
        _item(session, agent, team_of(session, teams), unread.get(session.pk, 0), session.pk in online)
        for session in sessions
    ]


def _item(session: ChatSession, agent: Agent, team: TeamJson, unread: int, is_online: bool) -> SessionItem:
    readable = may_read(agent, session.status, session.assignee_id)
    waiting_since = session.waiting_since if session.status == Status.PENDING_MANUAL else None
    return {
        "session_name": session.name,
        "status": session.status,
        "version": session.version,
        "agent": agent_json(session.assignee),
        "customer": noted_customer_json(session),
        "language": session.language,
        "page": session.page,
        "team": team,
        "priority": priority_name(session),
        "labels": session.labels,
        "question": session.question if readable else "",
        "unanswered_since": iso(session.unanswered_since) if session.unanswered_since else None,
        "unread": unread if readable else 0,
        "customer_online": is_online,
        "on_hold": on_hold_json(session),
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
    return {
        **session_item(session, agent),
        "messages": messages,
        "more": more,
        "receipts": receipts_of(session),
        "summary": session.handover_summary,
        "has_language_model": language_model_of(session.team_id) is not None,
        "closing": _closing(last_closing(session)),
        "mailed": mailed_json(session),
        "notes": [],
    }


def _closing(closing: Closing | None) -> ClosingJson | None:
    if closing is None:
        return None
    return {
        "agent": agent_json(closing.agent),
        "reason": closing.reason,
        "summary": closing.summary,
        "follow_up_on": closing.follow_up_on.isoformat() if closing.follow_up_on else None,
        "closed_at": iso(closing.closed_at),
        "score": closing.score,
        "comment": closing.comment,
    }


def session_page(
    agent: Agent,
    *,
    status: str | None,
    mine: bool,
    q: str,
    before: str | None,
    limit: int,
    by_unanswered: bool = False,
    label: str = "",
) -> tuple[list[SessionItem], str | None]:
    """Sessions with the newest activity first, and the cursor of the next page, None on the last.

    `by_unanswered`: only those that wait for an agent's answer, longest first. Who waits for other teams is only found
    by searching.

    Raises InvalidQuery for a cursor that is not ours.
    """
    order = UNANSWERED if by_unanswered else LATEST
    rows = order.of(ChatSession.objects.select_related("assignee"))
    if status:
        rows = rows.filter(status=status)
    if mine:
        rows = rows.filter(assignee=agent.user)
    if label:
        rows = rows.filter(labelled(label))
    rows = rows.filter(_matches(q, agent) if q else listed_for(agent))
    if before:
        rows = order.after(rows, before)
    found = list(rows[: limit + 1])
    following = order.cursor(found[limit - 1]) if len(found) > limit else None
    return _items(found[:limit], agent), following


def queue_page(agent: Agent) -> tuple[list[QueueItem], int]:
    """The head of the agent's queue and the number of all who wait in it."""
    waiting = ChatSession.objects.filter(waiting_for(agent), waiting_since__isnull=False)
    first = list(waiting.order_by(*QUEUE_ORDER).annotate(database_now=Now())[:MAX_QUEUE_ITEMS])
    total = waiting.count() if len(first) == MAX_QUEUE_ITEMS else len(first)
    unread, online, teams = unread_counts(first, agent), present(first), teams_by_key()
    places = defaultdict[int | None, Iterator[int]](partial(itertools.count, 1))
    items = [
        _queue_item(
            session,
            next(places[session.team_id]),
            team_of(session, teams),
            unread.get(session.pk, 0),
            session.pk in online,
        )
        for session in first
    ]
    return items, total


def _queue_item(session: Any, place: int, team: TeamJson, unread: int, is_online: bool) -> QueueItem:
    """Of a session with `database_now`."""
    now = session.database_now
    since = session.waiting_since or now
    return {
        "session_name": session.name,
        "position": place,
        "team": team,
        "priority": priority_name(session),
        "labels": session.labels,
        "waiting_seconds": max(0, int((now - since).total_seconds())),
        "waiting_since": iso(since),
        "last_message": session.last_message,
        "reason": session.escalation_reason,
        "version": session.version,
        "customer": noted_customer_json(session),
        "question": session.question,
        "language": session.language,
        "unanswered_since": iso(session.unanswered_since) if session.unanswered_since else None,
        "unread": unread,
        "customer_online": is_online,
    }


def open_offers(agent: Agent) -> list[OfferItem]:
    """What the agent can accept, oldest first; one query."""
    rows = Offer.objects.select_related("session", "sender").filter(receiver=agent.user, ended_at=None)
    return [
        {
            "offer_id": offer.pk,
            "session_name": offer.session.name,
            "from": agent_json(offer.sender),
            "note": offer.note,
            "why": sentence(offer.why),
            "expires_at": iso(offer.expires_at),
        }
        for offer in rows.filter(expires_at__gt=Now()).order_by("made_at", "id")
    ]


def labelled(label: str) -> Q:
    """Sessions with this label."""
    if connection.features.supports_json_field_contains:
        return Q(labels__contains=[label])
    is_one = "EXISTS (SELECT 1 FROM json_each(chatbot_chatsession.labels) WHERE value = %s)"
    return Q(RawSQL(is_one, [label], output_field=BooleanField()))


def _matches(q: str, agent: Agent) -> Q:
    """Text that an agent may not read cannot be searched by them either."""
    about = Q(name__icontains=q) | Q(customer_name__icontains=q) | Q(customer_email__icontains=q)
    return about | (Q(last_message__icontains=q) & readable_by(agent))
