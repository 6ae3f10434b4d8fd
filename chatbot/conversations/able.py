"""Which agents could be given a session, and how much each of them has to do."""

from collections import Counter
from collections.abc import Collection

from django.db.models import Count, Exists, OuterRef, QuerySet

from chatbot.models import AgentPresence, AgentState, ChatSession, Offer, Status, Team, is_held


def able() -> QuerySet[AgentState]:
    """States of agents who are active, available and connected, whatever they have to do."""
    held = AgentPresence.objects.filter(is_held("holder__"), agent=OuterRef("agent"))
    return AgentState.objects.filter(Exists(held), able_since__isnull=False, agent__is_active=True)


def connected() -> set[int]:
    """The users with a page open in some process; one query."""
    return set(AgentPresence.objects.filter(is_held("holder__")).values_list("agent_id", flat=True))


def loads(agents: Collection[int] | None = None) -> Counter[int]:
    """For each of these users (None: for all) his live sessions that are not on hold, and open offers to him.

    One query. It stays so while their states are locked, but for what they take themselves.
    """
    live = ChatSession.objects.filter(status=Status.MANUAL_LIVE, held_since=None)
    offered = Offer.objects.filter(ended_at=None)
    if agents is not None:
        live, offered = live.filter(assignee__in=agents), offered.filter(receiver__in=agents)
    # Without order_by() an order of the model would be part of the groups.
    rows = live.order_by().values_list("assignee").annotate(Count("pk"))
    counts: Counter[int] = Counter()
    for agent, count in rows.union(offered.order_by().values_list("receiver").annotate(Count("pk")), all=True):
        counts[agent] += count
    return counts


def rules_of(session: ChatSession) -> Team:
    """The team whose rules hold for a session; one query."""
    key = {"is_default": True} if session.team_id is None else {"pk": session.team_id}
    return Team.objects.get(**key)
