"""How many agents could take somebody at this moment: available, and with a page open in some process."""

from collections import Counter
from collections.abc import Mapping

from django.db.models import Exists, OuterRef, QuerySet

from chatbot.conversations.able import able
from chatbot.conversations.teams import keys_of_members
from chatbot.models import AgentState, TeamMember


def able_by_team() -> Mapping[int | None, int]:
    """By the `team_id` of its sessions how many are able in each team (nothing for none); two queries."""
    agents = list(able().values_list("agent_id", flat=True))
    return Counter(key for keys in keys_of_members(agents).values() for key in keys) if agents else Counter()


def count_able(team_id: int | None) -> int:
    """How many are able in the team whose sessions have this `team_id`; one query."""
    return _of_team(able(), team_id).count()


def count_members(team_id: int | None) -> int:
    """How many agents there are in that team, of those whose page was ever open; one query."""
    return _of_team(AgentState.objects.filter(agent__is_active=True), team_id).count()


def _of_team(states: QuerySet[AgentState], team_id: int | None) -> QuerySet[AgentState]:
    memberships = TeamMember.objects.filter(agent=OuterRef("agent"))
    if team_id is not None:
        return states.filter(Exists(memberships.filter(team=team_id)))
    return states.filter(Exists(memberships.filter(team__is_default=True)) | ~Exists(memberships))
