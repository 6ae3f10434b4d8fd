"""Every event that the product emits: its payload, typed, and who sees it.

Writers build payloads here alone, so they are strict; readers ignore types and fields that they do not know.
A session's channel is what its customer may see: reasons and queue details go to broadcast only.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from chatbot.agents import AgentJson, agent_json
from chatbot.models import ChatSession, Message
from realtime import groups
from realtime.events import Event, Source
from realtime.groups import Channel

BOT: Final[Source] = "ai_chatbot"
WORKBENCH: Final[Source] = "agent_workbench"

Outgoing = tuple[Channel, Event]


class MessageJson(TypedDict):
    """A message, in events and in HTTP answers alike. `created_at` is ISO 8601 UTC."""

    id: int
    session_name: str
    role: str
    content: str
    agent: AgentJson | None
    created_at: str
    client_id: str


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
    """What agents see of it; `position` counts from 1."""

    reason: str
    last_message: str
    position: int


class QueueUpdate(TypedDict):
    """The length of the queue and how long its first customer has waited."""

    waiting: int
    longest_wait_seconds: int


class QueuePosition(TypedDict):
    """The place of one waiting customer, from 1."""

    position: int


@dataclass(frozen=True, slots=True)
class EventType:
    """What a reader needs to know of a type; docs/events.md says the same to people outside."""

    description: str
    channels: str
    payload: type
    durable: bool = True


EVENT_TYPES: Final[dict[str, EventType]] = {
    "new_message": EventType(
        "A message was written.", "session; the assignee's agent channel", MessageJson
    ),
    "status_change": EventType(
        "A session went from one status or assignee to another.", "session, broadcast", StatusChange
    ),
    "transfer_request": EventType("A customer waits for an agent.", "session, broadcast", QueuedTransferRequest),
    "queue_update": EventType(
        "The queue has another length or head; at most two a second.", "broadcast", QueueUpdate, durable=False
    ),
    "queue_position": EventType("A waiting customer's place.", "session", QueuePosition, durable=False),
}


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, as every time in the API."""
    return moment.isoformat().replace("+00:00", "Z")


def message_json(session: ChatSession, message: Message) -> MessageJson:
    """A message as the API shows it; reads message.agent, so fetch that with the message."""
    return {
        "id": message.pk,
        "session_name": session.name,
        "role": message.role,
        "content": message.content,
        "agent": agent_json(message.agent),
        "created_at": iso(message.created_at),
        "client_id": message.client_id,
    }


def new_message(
    session: ChatSession, message: Message, *, source: Source, former_assignee: str | None = None
) -> list[Outgoing]:
    """Tell the session and its assignee of a message; also the agent who had the session until this very change."""
    event = Event("new_message", dict(message_json(session, message)), source)
    agents = {former_assignee} if former_assignee else set()
    if session.assignee:
        agents.add(session.assignee.username)
    return [(groups.session(session.name), event), *((groups.agent(each), event) for each in sorted(agents))]


def status_change(session: ChatSession, *, previous: str, source: Source) -> list[Outgoing]:
    """Tell the session and every agent of its status."""
    payload: StatusChange = {
        "session_name": session.name,
        "status": session.status,
        "previous": previous,
        "agent": agent_json(session.assignee),
        "version": session.version,
    }
    event = Event("status_change", dict(payload), source)
    return [(groups.session(session.name), event), (groups.BROADCAST, event)]


def change_with_notice(
    session: ChatSession, notice: Message, *, previous: str, source: Source, former_assignee: str | None = None
) -> list[Outgoing]:
    """Tell of a status and of the notice in the conversation that speaks of it; see status_change and new_message."""
    return [
        *status_change(session, previous=previous, source=source),
        *new_message(session, notice, source=source, former_assignee=former_assignee),
    ]


def transfer_request(session: ChatSession, *, waiting_since: datetime, position: int, source: Source) -> list[Outgoing]:
    """Tell the session that it waits, and every agent also why and where in the queue."""
    seen: TransferRequest = {"session_name": session.name, "waiting_since": iso(waiting_since)}
    queued: QueuedTransferRequest = {
        **seen,
        "reason": session.escalation_reason,
        "last_message": session.last_message,
        "position": position,
    }
    return [
        (groups.session(session.name), Event("transfer_request", dict(seen), source)),
        (groups.BROADCAST, Event("transfer_request", dict(queued), source)),
    ]


def queue_update(*, waiting: int, longest_wait_seconds: int) -> Outgoing:
    payload: QueueUpdate = {"waiting": waiting, "longest_wait_seconds": longest_wait_seconds}
    return groups.BROADCAST, Event("queue_update", dict(payload), "system", durable=False)


def queue_position(session_name: str, position: int) -> Outgoing:
    payload: QueuePosition = {"position": position}
    return groups.session(session_name), Event("queue_position", dict(payload), "system", durable=False)
