"""Agents as agents see them."""

from django.contrib.auth.models import User
from typing_extensions import TypedDict

from chatbot.conversations.able_agents import connected, loads
from chatbot.conversations.agents import display_name
from chatbot.conversations.reasons import shown_reason
from chatbot.conversations.teams import default_team
from chatbot.models import DEFAULT_CAPACITY, AgentState, Availability, TeamMember


class AgentItem(TypedDict):
    """`connected`: a page is open somewhere, or was half a minute ago. `teams` are ids of those that the agent serves.

    `live` is what counts against `capacity`: conversations that are not on hold, and open offers.
    """

    id: str
    name: str
    connected: bool
    availability: str
    reason: str
    live: int
    capacity: int
    teams: list[int]


def agent_items(only: int | None = None) -> list[AgentItem]:
    """All active agents by name, or one of them; six queries for any number."""
    users = User.objects.filter(is_active=True).order_by("first_name", "last_name", "username")
    if only is not None:
        users = users.filter(pk=only)
    found = list(users)
    ids = None if only is None else [only]
    states = {state.agent_id: state for state in AgentState.objects.filter(agent__in=users)}
    here, load, teams = connected(), loads(ids), _teams(ids)
    default = [default_team().pk]
    return [
        _item(user, states.get(user.pk), user.pk in here, load[user.pk], teams.get(user.pk, default)) for user in found
    ]


def _teams(agents: list[int] | None) -> dict[int, list[int]]:
    """The ids of teams by member."""
    members = TeamMember.objects.order_by("team")
    teams: dict[int, list[int]] = {}
    for agent, team in (members if agents is None else members.filter(agent__in=agents)).values_list("agent", "team"):
        teams.setdefault(agent, []).append(team)
    return teams


def _item(user: User, state: AgentState | None, is_here: bool, load: int, teams: list[int]) -> AgentItem:
    return {
        "id": user.username,
        "name": display_name(user),
        "connected": is_here,
        "availability": state.availability if state else Availability.AVAILABLE,
        "reason": shown_reason(state.reason) if state else "",
        "live": load,
        "capacity": state.capacity if state else DEFAULT_CAPACITY,
        "teams": teams,
    }
