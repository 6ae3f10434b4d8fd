"""What all events of conversations share: who sends them, who hears of them, how a time is written."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from chatbot.models import ChatSession
from realtime import groups
from realtime.events import Event
from realtime.groups import Channel

Source = Literal["ai_chatbot", "agent_workbench", "system"]  # as settings.REALTIME_SOURCES

BOT: Final[Source] = "ai_chatbot"
WORKBENCH: Final[Source] = "agent_workbench"

Outgoing = tuple[Channel, Event]


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, as every time in the API."""
    return moment.isoformat().replace("+00:00", "Z")


def desk_of(team_id: int | None) -> Channel:
    """Where agents hear of the sessions of a team; of the default one (None, as in a session) where everybody does."""
    return groups.BROADCAST if team_id is None else groups.channel("team", str(team_id))


def to_session_and_desk(session: ChatSession, event: Event) -> list[Outgoing]:
    """The event for the session and for the agents of its team."""
    return [(groups.session(session.name), event), (desk_of(session.team_id), event)]


def to_session_and_assignee(
    session: ChatSession, event: Event, *, former_assignee: str | None = None
) -> list[Outgoing]:
    """The event for the session and for the agent who has it; also for one who had it until this very change."""
    agents = {former_assignee} if former_assignee else set()
    if session.assignee:
        agents.add(session.assignee.username)
    return to_session_and_agents(session.name, agents, event)


def to_session_and_agents(session_name: str, agent_ids: Collection[str], event: Event) -> list[Outgoing]:
    """The event for the session and for each of these agents."""
    return [(groups.session(session_name), event), *((groups.agent(each), event) for each in sorted(agent_ids))]


def unlogged(outgoing: Outgoing) -> Outgoing:
    """The same event for open pages only: it takes no number, and nobody who comes later hears of it."""
    channel, event = outgoing
    return channel, replace(event, durable=False)
