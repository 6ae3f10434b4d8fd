"""Live conversations that an operator puts back: their agent was deactivated, or has had no page open for too long."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now

from chatbot.conversations.agents import agent_json, display_name
from chatbot.conversations.history import SYSTEM
from chatbot.conversations.locking import lock_if_free
from chatbot.models import AgentPresence, AgentState, ChatSession, Phase, SessionInterval, Status, is_held
from realtime.api import send_many
from workbench.actions.requeue import STRANDED, put_back, requeue_stranded
from workbench.assignment.silence import VANISHED_TEXT


@dataclass(frozen=True, slots=True)
class Stale:
    """A conversation that is to be put back, the username of its agent, and whether he was deactivated."""

    session_name: str
    agent: str
    is_deactivated: bool


def find_stale(after: timedelta) -> list[Stale]:
    """What is to be put back, longest wait first: of agents who were deactivated, or without a page for so long.

    What is on hold waits for its customer, and is left alone while its agent is active. Two queries.
    """
    stranded = ChatSession.objects.filter(STRANDED)
    found = {row.name: row for row in [*stranded.select_related("assignee"), *_alone(after).select_related("assignee")]}
    in_order = sorted(found.values(), key=lambda row: (row.waiting_since is None, row.waiting_since or 0, row.pk))
    return [
        Stale(row.name, row.assignee.username, not row.assignee.is_active)
        for row in in_order
        if row.assignee is not None
    ]


def requeue_stale(stale: Stale, after: timedelta) -> bool:
    """Put it back to the front of its queue if it still is stale under the lock of the session; whether it was."""
    if stale.is_deactivated:
        return requeue_stranded(session_name=stale.session_name)
    with transaction.atomic():
        locked = lock_if_free(stale.session_name)
        if locked is None:
            return False
        agent = locked.session.assignee
        if agent is None or not _alone(after).filter(pk=locked.session.pk).exists():
            return False
        why = {"code": "vanished", "agent": agent_json(agent), "seconds": int(after.total_seconds())}
        name = display_name(agent)
        send_many(put_back(locked, VANISHED_TEXT, notice="vanished", actor=SYSTEM, by=agent, why=why, agent=name))
    return True


def _alone(after: timedelta) -> QuerySet[ChatSession]:
    """Live sessions of agents who have no page open, and had none for so long, or since they have the session."""
    here = AgentPresence.objects.filter(is_held("holder__"), agent=OuterRef("assignee"))
    live = SessionInterval.objects.filter(session=OuterRef("pk"), phase=Phase.LIVE, ended_at=None)
    # Intervals and states are missing where an older version has written the session.
    began = Coalesce(Subquery(live.values("began_at")[:1]), F("last_activity_at"), output_field=DateTimeField())
    last_seen = AgentState.objects.filter(agent=OuterRef("assignee")).values("last_seen_at")
    seen = Coalesce(Subquery(last_seen), began, output_field=DateTimeField())
    rows = ChatSession.objects.filter(~Exists(here), status=Status.MANUAL_LIVE, held_since=None)
    return rows.alias(alone_since=Greatest(seen, began)).filter(alone_since__lte=Now() - after)
