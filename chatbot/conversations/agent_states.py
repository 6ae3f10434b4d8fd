"""The only writer of what agents have chosen and whether they are connected.

Each change holds the rows of the states concerned, in order of their agents, and writes in one transaction the state,
the interval from which reports are made, and the event. What changes nothing writes nothing.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from chatbot.conversations import events, intervals
from chatbot.conversations.locking import UNUSED_OF_ASSIGNEE
from chatbot.models import AgentPresence, AgentState, Availability, is_held
from realtime.api import send_many


def choose(user: User, availability: Availability, *, reason: str = "") -> AgentState:
    """Note an agent's choice, and tell every agent of it."""
    with transaction.atomic():
        [state] = _lock([user.pk])
        send_many(_settle([state], availability=availability, reason=reason))
    return state


def make_away(agent_ids: Collection[int], *, reason: str) -> list[events.Outgoing]:
    """Set agents who do not react to away, as far as they could be given something; they choose anew themselves.

    Needs a transaction. Returns what to send.
    """
    able = [state for state in _lock(agent_ids) if state.able_since is not None]
    return _settle(able, availability=Availability.AWAY, reason=reason)


def follow_presence(agent_ids: Collection[int]) -> list[events.Outgoing]:
    """Note whether these agents are connected, after a change of AgentPresence in the same transaction.

    Returns what to send.
    """
    return _settle(_lock(agent_ids)) if agent_ids else []


def _lock(agent_ids: Iterable[int]) -> list[AgentState]:
    """The states of these agents, made where they are missing, and the time of the database in `at`."""
    ids = sorted(set(agent_ids))
    AgentState.objects.bulk_create([AgentState(agent_id=each) for each in ids], ignore_conflicts=True)
    rows = AgentState.objects.select_for_update(of=("self",)).select_related("agent").annotate(at=Now())
    unused = (f"agent__{field}" for field in UNUSED_OF_ASSIGNEE if field != "is_active")
    return list(rows.defer(*unused).filter(agent__in=ids).order_by("agent_id"))


def _settle(
    states: list[AgentState], *, availability: Availability | None = None, reason: str = ""
) -> list[events.Outgoing]:
    connected = _connected(states)
    changed = []
    for state in states:
        now: datetime = state.at  # type: ignore[attr-defined]
        is_connected = state.agent_id in connected
        before = (state.is_connected, state.availability, state.reason)
        if availability is not None:
            state.availability, state.reason = availability, reason
        if before == (is_connected, state.availability, state.reason):
            continue
        if state.is_connected and not is_connected:
            state.last_seen_at = now
        state.is_connected = is_connected
        is_able = is_connected and state.availability == Availability.AVAILABLE
        state.able_since = (state.able_since or now) if is_able else None
        state.idle_since = state.idle_since or now
        changed.append(state)
    if not changed:
        return []
    fields = ["availability", "reason", "is_connected", "able_since", "idle_since", "last_seen_at"]
    AgentState.objects.bulk_update(changed, fields)
    intervals.follow_agents(changed, now=changed[0].at)  # type: ignore[attr-defined]
    return [events.agent_status(state) for state in changed]


def _connected(states: Iterable[AgentState]) -> set[int]:
    held = AgentPresence.objects.filter(is_held("holder__"), agent__in=[state.agent_id for state in states])
    return set(held.values_list("agent_id", flat=True))
