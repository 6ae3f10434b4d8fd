"""The event of what an agent has chosen, and whether he is connected."""

from typing import Literal

from typing_extensions import TypedDict

from chatbot.conversations.agents import AgentJson, agent_json, status_of
from chatbot.conversations.events.base import Outgoing
from chatbot.models import AgentState
from realtime import groups
from realtime.events import Event

ChosenBy = Literal["agent", "system"]


class AgentStatus(TypedDict):
    """`status` is the availability of who is connected, else `offline`; `reason` is the agent's own words.

    `by`: `agent` where he has chosen it, `system` where he was set away, null where he came or went.
    """

    agent: AgentJson
    status: str
    availability: str
    reason: str
    connected: bool
    by: ChosenBy | None


class AgentsChanged(TypedDict):
    """`count` is how many have come or gone; who wants to know which fetches the agents."""

    count: int


def agents_changed(count: int) -> Outgoing:
    """Tell every agent that so many have come or gone at once."""
    payload: AgentsChanged = {"count": count}
    return groups.BROADCAST, Event("agents_changed", dict(payload), "system")


def agent_status(state: AgentState, *, by: ChosenBy | None) -> Outgoing:
    """Tell every agent. Reads state.agent, so fetch that with the state."""
    agent = agent_json(state.agent)
    assert agent is not None
    payload: AgentStatus = {
        "agent": agent,
        "status": status_of(state),
        "availability": state.availability,
        "reason": state.reason,
        "connected": state.is_connected,
        "by": by,
    }
    return groups.BROADCAST, Event("agent_status", dict(payload), "system")
