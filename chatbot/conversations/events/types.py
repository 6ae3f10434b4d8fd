"""The types of events, for readers of docs/events.md and for tests."""

from dataclasses import dataclass
from typing import Final

from chatbot.conversations.events.messages import MessageJson
from chatbot.conversations.events.queue import QueuePosition, QueueUpdate
from chatbot.conversations.events.sessions import QueuedTransferRequest, StatusChange


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
