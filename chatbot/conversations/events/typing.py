"""The event of somebody who writes at this moment."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, to_session_and_assignee
from chatbot.models import ChatSession, Role
from realtime.events import Event


class Typing(TypedDict):
    """`role` is the writer's, `customer` or `agent`. A reader forgets it after 6 s, and at once if not `active`."""

    session_name: str
    role: str
    active: bool


def typing(session: ChatSession, *, role: Role, active: bool, source: str) -> list[Outgoing]:
    """Tell the session and its assignee that this side writes, or has stopped."""
    payload: Typing = {"session_name": session.name, "role": str(role), "active": active}
    return to_session_and_assignee(session, Event("typing", dict(payload), source, durable=False))
