"""How many agents of each team there are, and how many of them could take somebody (able_agents.py)."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from chatbot.conversations.able_agents import is_able
from chatbot.models import AgentState, TeamMember
from chatbot.models.prepared_queries import PreparedRows


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


def count_in_team(team_id: int | None) -> tuple[int, int]:
    """Of the team whose sessions have this `team_id`: how many agents are able, and how many are known; one query."""
    rows = _in_default_team.all(None) if team_id is None else _in_team.all(team_id)
    counts: dict[bool, int] = dict(rows)
    return counts.get(True, 0), sum(counts.values())


def _by_ability(is_member: Q) -> QuerySet[Any, Any]:
    by_ability = known_agents().filter(is_member).annotate(is_able=is_able()).values_list("is_able").order_by()
    return by_ability.annotate(Count("pk"))


_in_team = PreparedRows(lambda team_id: _by_ability(Q(Exists(_memberships().filter(team=team_id)))), sample=-1)

_in_default_team = PreparedRows(
    lambda _: _by_ability(Q(Exists(_memberships().filter(team__is_default=True))) | Q(~Exists(_memberships()))),
    sample=None,
)


def _memberships() -> QuerySet[TeamMember]:
    return TeamMember.objects.filter(agent=OuterRef("agent"))
