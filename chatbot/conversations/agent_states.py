"""The only writer of what agents have chosen and whether they are connected.

Each change holds the rows of the states concerned, in order of their agents, and writes in one transaction the states,
the intervals from which reports are made, and the events. What is as it was is not written again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Coalesce, Now

from chatbot.conversations import events, intervals
from chatbot.conversations.agents import status_of
from chatbot.conversations.locking import UNUSED_OF_ASSIGNEE
from chatbot.models import AgentPresence, AgentState, Availability, is_held
from realtime.api import send_many

# Of whom it is noted that he is gone was there until about then.
LEFT_AGO = timedelta(seconds=30)
# Of those who come or go within a look of a process (a second).
MAX_TOLD_SINGLY = 10
WRITTEN = ("availability", "reason", "is_connected", "able_since", "idle_since", "last_seen_at", "last_input_at")


@dataclass(frozen=True, slots=True)
class _Choice:
    """`by`: the agent himself, or the system for him."""

    availability: Availability
    reason: str
    by: events.ChosenBy


def choose(user: User, availability: Availability, *, reason: str = "") -> None:
    """Note an agent's choice, which is also a sign of life, and tell every agent of it."""
    with transaction.atomic():
        outgoing = _settle(_lock([user.pk]), _Choice(availability, reason, "agent"))
        note_input([user.pk])
        send_many(outgoing)


def make_away(agent_ids: Collection[int], *, reason: str) -> list[events.Outgoing]:
    """Set agents who do not react to away, as far as they could be given something; they choose anew themselves.

    Needs a transaction. Returns what to send.
    """
    able = [state for state in _lock(agent_ids) if state.able_since is not None]
    return _settle(able, _Choice(Availability.AWAY, reason, "system"))


def make_idle_away(since: timedelta, *, reason: str) -> None:
    """As make_away, of those agents whom find_idle finds; tells of it."""
    with transaction.atomic():
        states = {state.agent_id: state for state in _lock(find_idle(since))}
        still = [states[agent] for agent in find_idle(since) if agent in states]
        send_many(_settle(still, _Choice(Availability.AWAY, reason, "system")))


def note_input(agent_ids: Collection[int]) -> None:
    """Note that these agents have just done something at their desks; of one whose desk was never open, nothing."""
    AgentState.objects.filter(agent__in=agent_ids).update(last_input_at=Now())


def find_idle(since: timedelta) -> list[int]:
    """Agents who could be given something and have done nothing for so long; one query."""
    last = Coalesce("last_input_at", "able_since")
    idle = AgentState.objects.filter(is_connected=True, able_since__isnull=False).alias(last=last)
    return list(idle.filter(last__lte=Now() - since).order_by("agent_id").values_list("agent_id", flat=True))


def follow_presence(agent_ids: Collection[int]) -> list[events.Outgoing]:
    """Note whether these agents are connected, after a change of AgentPresence in the same transaction.

    Returns what to send: of many at once, who log in of a morning, one event. Each of them hears of each other, which
    would grow with the square of their number.
    """
    outgoing = _settle(_lock(agent_ids)) if agent_ids else []
    return outgoing if len(outgoing) <= MAX_TOLD_SINGLY else [events.agents_changed(len(outgoing))]


def _lock(agent_ids: Iterable[int]) -> list[AgentState]:
    """The states of these agents, made where they are missing, each with the database's time (_time_of)."""
    ids = sorted(set(agent_ids))
    AgentState.objects.bulk_create([AgentState(agent_id=each) for each in ids], ignore_conflicts=True)
    rows = AgentState.objects.select_for_update(of=("self",)).select_related("agent").annotate(at=Now())
    unused = (f"agent__{field}" for field in UNUSED_OF_ASSIGNEE)
    return list(rows.defer(*unused).filter(agent__in=ids).order_by("agent_id"))


def _time_of(state: AgentState) -> datetime:
    """The time of the database when it locked the state."""
    at: datetime = state.at  # type: ignore[attr-defined]
    return at


def _settle(states: Collection[AgentState], choice: _Choice | None = None) -> list[events.Outgoing]:
    """Write what differs from what is noted: who is connected, and what was chosen for all of these agents."""
    connected = _connected(states)
    before = {state.agent_id: _interval_of(state) for state in states}
    changed = [state for state in states if _apply(state, choice, is_connected=state.agent_id in connected)]
    if not changed:
        return []
    # Not `bulk_update`, whose CASE has an expression for each field of each row: for 1,000 agents it takes 2 s, in
    # which nobody else can write to SQLite.
    AgentState.objects.bulk_create(changed, update_conflicts=True, unique_fields=["agent"], update_fields=WRITTEN)
    moved = [state for state in changed if before[state.agent_id] != _interval_of(state)]
    intervals.follow_agents(moved, now=_time_of(changed[0]))
    by = choice.by if choice else None
    return [events.agent_status(state, by=by) for state in changed]


def _apply(state: AgentState, choice: _Choice | None, *, is_connected: bool) -> bool:
    """Change the instance; whether that changed anything."""
    before = (state.is_connected, state.availability, state.reason)
    now = _time_of(state)
    if choice:
        state.availability, state.reason = choice.availability, choice.reason
    if before == (is_connected, state.availability, state.reason):
        return False
    if is_connected and not state.is_connected:
        state.last_input_at = now
    if is_connected != state.is_connected:
        state.last_seen_at = now if is_connected else now - LEFT_AGO
    state.is_connected = is_connected
    is_able = is_connected and state.availability == Availability.AVAILABLE
    state.able_since = (state.able_since or now) if is_able else None
    state.idle_since = state.idle_since or now
    return True


def _interval_of(state: AgentState) -> tuple[str, str]:
    """What reports tell apart."""
    return status_of(state), state.reason if state.is_connected else ""


def _connected(states: Iterable[AgentState]) -> set[int]:
    held = AgentPresence.objects.filter(is_held("holder__"), agent__in=[state.agent_id for state in states])
    return set(held.values_list("agent_id", flat=True))
