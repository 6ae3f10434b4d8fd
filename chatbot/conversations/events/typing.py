"""The event of somebody who writes at this moment."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, Source, to_session_and_agents
from chatbot.models import Role
from realtime.events import Event


class Typing(TypedDict):
    """`role` is the writer's, `customer` or `agent`. A reader forgets it after 6 s, and at once if not `active`."""

    session_name: str
    role: str
    active: bool


def typing(session_name: str, agent_id: str | None, *, role: Role, active: bool, source: Source) -> list[Outgoing]:
    """Tell the session and the agent who has it that this side writes, or has stopped."""
    payload: Typing = {"session_name": session_name, "role": str(role), "active": active}
    event = Event("typing", dict(payload), source, durable=False)
    return to_session_and_agents(session_name, [agent_id] if agent_id else [], event)
