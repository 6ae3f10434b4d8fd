"""Which team a session waits for, and whose queue an agent serves.

A session's `team` is null for the default team, which always has a row (chatbot/apps.py makes it). An agent who is a
member of no team serves the default one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop
from typing_extensions import TypedDict

from chatbot.models import MAX_TEAMS, ChatSession, Priority, Team, TeamMember
from chatbot.models.prepared_queries import SOME_IDS, Ids, PreparedQuery, PreparedRows, ids, is_among

DEFAULT_TEAM_NAME = gettext_noop("Support")


class TeamJson(TypedDict):
    """A team in events and answers; the default team has an id, too."""

    id: int
    name: str


def team_json(team: Team) -> TeamJson:
    return {"id": team.pk, "name": team.name}


def default_team() -> Team:
    """The default team's row, made if it is missing; one query."""
    if (team := _default.first(None)) is not None:
        return team
    return Team.objects.get_or_create(is_default=True, defaults={"name": DEFAULT_TEAM_NAME})[0]


_default = PreparedQuery(lambda _: Team.objects.filter(is_default=True), sample=None)


def team_key(team: Team) -> int | None:
    """What a session of this team has as its `team_id`."""
    return None if team.is_default else team.pk


def teams_by_key() -> dict[int | None, TeamJson]:
    """All teams by the `team_id` of their sessions; one query."""
    return {None if is_default else pk: {"id": pk, "name": name} for pk, name, is_default in _all.all(None)}


_all = PreparedRows(lambda _: Team.objects.order_by().values_list("pk", "name", "is_default"), sample=None)


def team_of(session: ChatSession, teams: Mapping[int | None, TeamJson]) -> TeamJson:
    """The session's among the teams of teams_by_key."""
    return teams.get(session.team_id) or teams[None]  # of a team that was deleted since the session was read


def keys_of_members(agents: Collection[int]) -> Mapping[int, Collection[int | None]]:
    """By an agent's id, of each of these, the `team_id` of the sessions of each team that he serves; one query."""
    found = defaultdict[int, list[int | None]](list)
    for team_id, agent_id, is_default in sorted(_memberships.all(ids(agents))):
        found[agent_id].append(None if is_default else team_id)
    return {agent: found.get(agent, [None]) for agent in agents}


def _members(agents: Ids) -> QuerySet[TeamMember, tuple[Any, ...]]:
    members = TeamMember.objects.filter(is_among("agent", agents)).order_by()
    return members.values_list("team_id", "agent_id", "team__is_default")


_memberships = PreparedRows(_members, SOME_IDS)


def further_keys() -> list[int]:
    """The ids of all teams but the default one, in the order in which they were made; one query."""
    return list(Team.objects.filter(is_default=False).order_by("pk").values_list("pk", flat=True)[:MAX_TEAMS])


def served_by(user: User) -> Q:
    """Sessions of the teams that an agent serves; one query."""
    keys = keys_of_members([user.pk])[user.pk]
    named = Q(team__in=[key for key in keys if key is not None])
    return named | Q(team=None) if None in keys else named


def priority_name(session: ChatSession) -> str:
    """`low`, `normal`, `high` or `urgent`."""
    return Priority(session.priority).name.lower()
