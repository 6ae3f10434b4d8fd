"""The event of somebody who writes at this moment."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, Source
from chatbot.models import Role
from realtime import groups
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
    agents = [] if agent_id is None else [groups.agent(agent_id)]
    return [(channel, event) for channel in (groups.session(session_name), *agents)]
