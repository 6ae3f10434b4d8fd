"""Events of the queue."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, desk_of
from chatbot.conversations.teams import TeamJson, team_json, team_key
from chatbot.models import Team
from realtime import groups
from realtime.events import Event


class QueueUpdate(TypedDict):
    """The length of a team's queue, and for how long the customer has waited who waits longest."""

    team: TeamJson
    waiting: int
    longest_wait_seconds: int


class QueuePosition(TypedDict):
    """The place of one waiting customer, from 1; `why` says in his language why he waits."""

    position: int
    why: str


def queue_update(team: Team, *, waiting: int, longest_wait_seconds: int) -> Outgoing:
    """Tell the team's agents."""
    payload: QueueUpdate = {"team": team_json(team), "waiting": waiting, "longest_wait_seconds": longest_wait_seconds}
    return desk_of(team_key(team)), Event("queue_update", dict(payload), "system", durable=False)


def queue_position(session_name: str, position: int, why: str) -> Outgoing:
    payload: QueuePosition = {"position": position, "why": why}
    return groups.session(session_name), Event("queue_position", dict(payload), "system", durable=False)
