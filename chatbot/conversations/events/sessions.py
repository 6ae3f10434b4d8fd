"""Events of a session's status."""

from datetime import datetime

from typing_extensions import TypedDict

from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.change import Change
from chatbot.conversations.events.base import Outgoing, Source, desk_of, iso, to_session_and_desk
from chatbot.conversations.events.customer import NotedCustomerJson, noted_customer_json
from chatbot.conversations.events.messages import new_message
from chatbot.conversations.events.offers import offer_ended
from chatbot.conversations.teams import TeamJson, priority_name, team_of, teams_by_key
from chatbot.models import ChatSession, Message
from realtime import groups
from realtime.events import Event


class StatusChange(TypedDict):
    """`version` counts the changes of a session: of two states the one with the higher version is right."""

    session_name: str
    status: str
    previous: str
    agent: AgentJson | None
    version: int


class TransferRequest(TypedDict):
    """What the customer may see of an escalation."""

    session_name: str
    waiting_since: str


class QueuedTransferRequest(TransferRequest):
    """What agents see of it; `position` counts from 1 in the team's queue."""

    customer: NotedCustomerJson
    reason: str
    last_message: str
    question: str
    language: str
    team: TeamJson
    priority: str
    labels: list[str]
    position: int


def status_change(session: ChatSession, *, change: Change, source: Source) -> list[Outgoing]:
    """Tell the session and its team's agents of its status, and those concerned of the offer that the change ended."""
    payload: StatusChange = {
        "session_name": session.name,
        "status": session.status,
        "previous": change.previous,
        "agent": agent_json(session.assignee),
        "version": session.version,
    }
    event = Event("status_change", dict(payload), source)
    told = to_session_and_desk(session, event)
    return [*told, *offer_ended(change.ended_offer)] if change.ended_offer else told


def change_with_notice(
    session: ChatSession, notice: Message, *, change: Change, source: Source, former_assignee: str | None = None
) -> list[Outgoing]:
    """A new status, and the notice about it in the conversation; see status_change and new_message."""
    return [
        *status_change(session, change=change, source=source),
        *new_message(session, notice, source=source, former_assignee=former_assignee),
    ]


def transfer_request(session: ChatSession, *, waiting_since: datetime, position: int, source: Source) -> list[Outgoing]:
    """Tell the session that it waits, and the agents of its team also why and where in the queue."""
    seen: TransferRequest = {"session_name": session.name, "waiting_since": iso(waiting_since)}
    queued: QueuedTransferRequest = {
        **seen,
        "customer": noted_customer_json(session),
        "reason": session.escalation_reason,
        "last_message": session.last_message,
        "question": session.question,
        "language": session.language,
        "team": team_of(session, teams_by_key()),
        "priority": priority_name(session),
        "labels": session.labels,
        "position": position,
    }
    return [
        (groups.session(session.name), Event("transfer_request", dict(seen), source)),
        (desk_of(session.team_id), Event("transfer_request", dict(queued), source)),
    ]
