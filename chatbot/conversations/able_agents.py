"""Which agents could be given a session, and how much each of them has to do."""

from collections import Counter
from collections.abc import Collection

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from chatbot.models import AgentPresence, AgentState, ChatSession, Status, Team, is_held
from realtime.database import among

_LOADS = f"""\
SELECT assignee_id, COUNT(*) FROM chatbot_chatsession
WHERE status = '{Status.MANUAL_LIVE}' AND held_since IS NULL AND {{}} GROUP BY assignee_id
UNION ALL SELECT receiver_id, COUNT(*) FROM chatbot_offer WHERE ended_at IS NULL AND {{}} GROUP BY receiver_id
"""


def able() -> QuerySet[AgentState]:
    """States of agents who are active, available and connected, whatever they have to do."""
    return AgentState.objects.filter(is_able(), agent__is_active=True)


def is_able() -> Q:
    """Whether an agent, who is active, is available and connected."""
    held = AgentPresence.objects.filter(is_held("holder__"), agent=OuterRef("agent"))
    return Q(Exists(held), able_since__isnull=False)


def connected() -> set[int]:
    """The users with a page open in some process; one query."""
    return set(AgentPresence.objects.filter(is_held("holder__")).values_list("agent_id", flat=True))


def loads(agents: Collection[int] | None = None) -> Counter[int]:
    """For each of these users (None: for all) his live sessions that are not on hold, and open offers to him.

    One query (none for nobody), which Django would take 1 ms to write, twice in each round of assignment. It stays so
    while their states are locked, but for what they take themselves.
    """
    conditions, parameters = ("TRUE", "TRUE"), []
    counts: Counter[int] = Counter()
    if agents is not None:
        if not agents:
            return counts
        condition, parameter = among(agents)
        conditions, parameters = (f"assignee_id {condition}", f"receiver_id {condition}"), [parameter, parameter]
    with connection.cursor() as cursor:
        cursor.execute(_LOADS.format(*conditions), parameters)
        for agent, count in cursor.fetchall():
            counts[agent] += count
    return counts


def rules_of(session: ChatSession) -> Team:
    """The team whose rules hold for a session; one query."""
    key = {"is_default": True} if session.team_id is None else {"pk": session.team_id}
    return Team.objects.get(**key)
