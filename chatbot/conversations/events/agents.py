"""The event of what an agent has chosen, and whether he is connected."""

from typing_extensions import TypedDict

from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.events.base import Outgoing
from chatbot.models import AgentState
from realtime import groups
from realtime.events import Event

OFFLINE = "offline"


class AgentStatus(TypedDict):
    """`status` is the availability of who is connected, else `offline`; `reason` is the agent's own words."""

    agent: AgentJson
    status: str
    availability: str
    reason: str
    connected: bool


def agent_status(state: AgentState) -> Outgoing:
    """Tell every agent. Reads state.agent, so fetch that with the state."""
    agent = agent_json(state.agent)
    assert agent is not None
    payload: AgentStatus = {
        "agent": agent,
        "status": state.availability if state.is_connected else OFFLINE,
        "availability": state.availability,
        "reason": state.reason,
        "connected": state.is_connected,
    }
    return groups.BROADCAST, Event("agent_status", dict(payload), "system")
