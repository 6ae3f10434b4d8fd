"""What all events of conversations share: who sends them, who hears of them, how a time is written."""

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


def to_session_and_assignee(
    session: ChatSession, event: Event, *, former_assignee: str | None = None
) -> list[Outgoing]:
    """The event for the session and for the agent who has it; also for one who had it until this very change."""
    agents = {former_assignee} if former_assignee else set()
    if session.assignee:
        agents.add(session.assignee.username)
    return [(groups.session(session.name), event), *((groups.agent(each), event) for each in sorted(agents))]


def unlogged(outgoing: Outgoing) -> Outgoing:
    """The same event for open pages only: it takes no number, and nobody who comes later hears of it."""
    channel, event = outgoing
    return channel, replace(event, durable=False)
