"""The event of what agents may change of a session beside its status."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, Source, desk_of, iso
from chatbot.conversations.teams import TeamJson, priority_name, team_of, teams_by_key
from chatbot.models import ChatSession
from realtime.events import Event
from realtime.groups import Channel


class OnHold(TypedDict):
    """Until when; null: until the customer writes, or an agent resumes it."""

    until: str | None


def on_hold_json(session: ChatSession) -> OnHold | None:
    """None for a session that is not on hold."""
    if session.held_since is None:
        return None
    return {"until": iso(session.hold_until) if session.hold_until else None}


class SessionUpdate(TypedDict):
    """What holds since `version`."""

    session_name: str
    version: int
    team: TeamJson
    priority: str
    labels: list[str]
    on_hold: OnHold | None


def session_updated(session: ChatSession, *, source: Source, former_desk: Channel | None = None) -> list[Outgoing]:
    """Tell the agents of the session's team, and those of `former_desk`, if it moved from there; one query."""
    payload: SessionUpdate = {
        "session_name": session.name,
        "version": session.version,
        "team": team_of(session, teams_by_key()),
        "priority": priority_name(session),
        "labels": session.labels,
        "on_hold": on_hold_json(session),
    }
    event = Event("session_updated", dict(payload), source)
    desks = {desk_of(session.team_id), *([former_desk] if former_desk else [])}
    return [(desk, event) for desk in sorted(desks)]
