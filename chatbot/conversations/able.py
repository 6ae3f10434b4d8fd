"""Which agents could be given a session, and how much each of them has to do."""

from collections import Counter
from collections.abc import Collection

from django.db.models import Count, Exists, OuterRef, QuerySet

from chatbot.models import AgentPresence, AgentState, ChatSession, Offer, Status, Team, TeamMember, is_held


def able() -> QuerySet[AgentState]:
    """States of agents who are active, available and connected, whatever they have to do."""
    held = AgentPresence.objects.filter(is_held("holder__"), agent=OuterRef("agent"))
    return AgentState.objects.filter(Exists(held), able_since__isnull=False, agent__is_active=True)


def connected() -> set[int]:
    """The users with a page open in some process; one query."""
    return set(AgentPresence.objects.filter(is_held("holder__")).values_list("agent_id", flat=True))


def loads(agents: Collection[int] | None = None) -> Counter[int]:
    """For each of these users (None: for all) his live sessions that are not on hold, and open offers to him.

    Two queries. It stays so while their states are locked, but for what they take themselves.
    """
    live = ChatSession.objects.filter(status=Status.MANUAL_LIVE, held_since=None)
    offered = Offer.objects.filter(ended_at=None)
    if agents is not None:
        live, offered = live.filter(assignee__in=agents), offered.filter(receiver__in=agents)
    # Without order_by() an order of the model would be part of the groups.
    counts = Counter(dict(live.order_by().values_list("assignee").annotate(Count("pk"))))
    counts.update(dict(offered.order_by().values_list("receiver").annotate(Count("pk"))))
    return counts


def teams_served(agents: Collection[int] | None = None) -> dict[int, set[int | None]]:
    """For each user who is a member of teams (of these users, or of all) what sessions of these teams have as team.

    Who is not in it serves the default team, None. One query.
    """
    members = TeamMember.objects.values_list("agent_id", "team_id", "team__is_default")
    if agents is not None:
        members = members.filter(agent__in=agents)
    served: dict[int, set[int | None]] = {}
    for agent, team, is_default in members:
        served.setdefault(agent, set()).add(None if is_default else team)
    return served


def rules_of(session: ChatSession) -> Team:
    """The team whose rules hold for a session; one query."""
    key = {"is_default": True} if session.team_id is None else {"pk": session.team_id}
    return Team.objects.get(**key)
