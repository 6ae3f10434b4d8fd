"""Agents as the API shows them. An agent is an active Django user; its id on the wire is the username."""

from datetime import datetime

from django.contrib.auth.models import User
from typing_extensions import TypedDict

from chatbot.models import AgentState

OFFLINE = "offline"


class AgentJson(TypedDict):
    """`id` is the username, matched against groups.NAME when the user is created and fixed from then on."""

    id: str
    name: str


def agent_json(user: User | None) -> AgentJson | None:
    """The agent as JSON, None for nobody."""
    if user is None:
        return None
    return {"id": user.username, "name": display_name(user)}


def display_name(user: User) -> str:
    """What customers and colleagues call an agent."""
    return user.get_full_name() or user.username


def status_of(state: AgentState) -> str:
    """What colleagues see: the availability of who is connected, else `offline`."""
    return state.availability if state.is_connected else OFFLINE


def note_idle(*agents: int | None, now: datetime) -> None:
    """Note that these users got or lost a live session: of agents with equally many the longest idle comes first.

    Holds the rows of their states until commit, in order, so that who counts an agent's sessions under that lock counts
    right.
    """
    for agent in sorted(each for each in agents if each is not None):
        AgentState.objects.filter(agent=agent).update(idle_since=now)
