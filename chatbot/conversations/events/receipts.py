"""Events of receipts."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, to_session_and_assignee
from chatbot.models import ChatSession, Role
from realtime.events import Event


class Receipt(TypedDict):
    """`role` is the reader's, `customer` or `agent`; up to and including this message of the other side."""

    session_name: str
    role: str
    message_id: int


def message_delivered(session: ChatSession, *, role: Role, message_id: int, source: str) -> list[Outgoing]:
    """Tell the session and its assignee that a page of this side has got what the other side wrote."""
    return _receipt("message_delivered", session, role, message_id, source)


def message_read(session: ChatSession, *, role: Role, message_id: int, source: str) -> list[Outgoing]:
    """Tell the session and its assignee that this side has seen what the other side wrote."""
    return _receipt("message_read", session, role, message_id, source)


def _receipt(event_type: str, session: ChatSession, role: Role, message_id: int, source: str) -> list[Outgoing]:
    payload: Receipt = {"session_name": session.name, "role": str(role), "message_id": message_id}
    return to_session_and_assignee(session, Event(event_type, dict(payload), source, durable=False))
