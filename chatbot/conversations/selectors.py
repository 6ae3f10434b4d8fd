"""Reads of the chatbot. A position is read before the rows that it goes with, so that no event falls between them."""

from collections.abc import Iterable

from django.utils import timezone
from typing_extensions import TypedDict

from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.answering import AnsweringJson, answering_json
from chatbot.conversations.attachments import read_files
from chatbot.conversations.closing import is_ratable, last_closing
from chatbot.conversations.events import CustomerJson, MessageJson, customer_json, message_json
from chatbot.conversations.places import Place, place_of
from chatbot.conversations.receipts import Receipts, receipts_of
from chatbot.conversations.teams import default_team
from chatbot.conversations.usual_waits import usual_minutes
from chatbot.conversations.waiting import QueueJson, queue_json, staffing_of
from chatbot.models import ChatSession, Message, Status
from chatbot.models.prepared_queries import PreparedQuery
from realtime import log
from realtime.stream.position import encode_position


class SessionState(TypedDict):
    """A session with a page of its messages, oldest first; `more` says whether there are older ones.

    `queue` says who is there for a customer who waits. `ratable`: the customer is still to be asked what the
    conversation was worth. `answering` is what the bot is writing.
    """

    session_name: str
    status: str
    version: int
    agent: AgentJson | None
    messages: list[MessageJson]
    more: bool
    queue_position: int | None
    queue: QueueJson | None
    receipts: Receipts
    customer: CustomerJson
    ratable: bool
    answering: AnsweringJson | None


def find_session(name: str) -> ChatSession | None:
    """The session of this name with its assignee; one query. Who may see it is the caller's to check."""
    return _by_name.first(name)


def position_of(channels: Iterable[str]) -> str:
    """Where these channels' logs end: a stream opened from here misses nothing that happens after this call."""
    return encode_position({channel: head.last for channel, head in log.heads(channels).items()})


def session_state(session: ChatSession, *, before: int | None, limit: int) -> SessionState:
    """The session and its last `limit` messages older than the message `before`."""
    messages, more = message_page(session, before=before, limit=limit)
    place = place_of(session) if session.status == Status.PENDING_MANUAL else None
    return {
        "session_name": session.name,
        "status": session.status,
        "version": session.version,
        "agent": agent_json(session.assignee),
        "messages": messages,
        "more": more,
        "queue_position": place.shown if place else None,
        "queue": _queue_of(session, place) if place else None,
        "receipts": receipts_of(session),
        "customer": customer_json(session),
        "ratable": is_ratable(last_closing(session)),
        "answering": answering_json(session),
    }


def _queue_of(session: ChatSession, place: Place) -> QueueJson:
    staffing = staffing_of(session.team or default_team(), now=timezone.now())
    minutes = usual_minutes(session.team_id)
    return queue_json(staffing, place=place, language=session.language, minutes=minutes)


def message_page(session: ChatSession, *, before: int | None, limit: int) -> tuple[list[MessageJson], bool]:
    """Messages oldest first, and whether there are older ones."""
    rows = Message.objects.filter(session=session).select_related("agent").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: limit + 1])
    read_files(found[:limit])
    return [message_json(session, message) for message in reversed(found[:limit])], len(found) > limit


# Before each call that reads a session, and each sign that somebody types: a third of what that one costs.
_by_name = PreparedQuery[ChatSession, str](
    lambda name: ChatSession.objects.select_related("assignee").filter(name=name), sample="<name>"
)
