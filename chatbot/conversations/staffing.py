"""How many agents of each team there are, and how many of them could take somebody (able.py)."""

from collections.abc import Mapping

from django.db.models import Count, Exists, OuterRef, QuerySet

from chatbot.models import AgentState, TeamMember


def known_agents() -> QuerySet[AgentState]:
    """The states of all whose page was ever open."""
    return AgentState.objects.filter(agent__is_active=True)


def count_by_team(states: QuerySet[AgentState]) -> Mapping[int | None, int]:
    """By the `team_id` of its sessions how many of these agents each team has (nothing for none); two queries."""
    members = TeamMember.objects.filter(agent__in=states.values("agent")).order_by()
    found = members.values_list("team_id", "team__is_default").annotate(Count("pk"))
    counts = {None if is_default else team_id: count for team_id, is_default, count in found}
    counts[None] = counts.get(None, 0) + states.filter(~Exists(_memberships())).count()
    return counts


def count_in_team(states: QuerySet[AgentState], team_id: int | None) -> int:
    """How many of these agents are in the team whose sessions have this `team_id`; one query."""
    memberships = _memberships()
    if team_id is not None:
        return states.filter(Exists(memberships.filter(team=team_id))).count()
    return states.filter(Exists(memberships.filter(team__is_default=True)) | ~Exists(memberships)).count()


def _memberships() -> QuerySet[TeamMember]:
    return TeamMember.objects.filter(agent=OuterRef("agent"))
