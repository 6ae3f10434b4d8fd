"""The only writer of how long sessions waited, were live, were on hold, and of how long agents were in which state."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from chatbot.conversations.agents import status_of
from chatbot.models import AgentInterval, AgentState, ChatSession, Phase, SessionInterval, Status

_PHASES = {Status.PENDING_MANUAL: Phase.WAITING, Status.MANUAL_LIVE: Phase.LIVE}


def follow(session: ChatSession, *, previous: str, now: datetime) -> None:
    """End what the session was in before this change of status, team or assignee, and begin what it is in now.

    The session must be locked.
    """
    if Status(previous) in _PHASES:
        end(session, now=now)
    if phase := _PHASES.get(Status(session.status)):
        begin(session, phase, agent=session.assignee, now=now)


def begin(session: ChatSession, phase: Phase, *, agent: User | None, now: datetime) -> None:
    SessionInterval.objects.create(session=session, phase=phase, team_id=session.team_id, agent=agent, began_at=now)


def end(session: ChatSession, *phases: Phase, now: datetime) -> None:
    """End the open intervals of these phases; of all if none is named."""
    open_ones = SessionInterval.objects.filter(session=session, ended_at=None)
    if phases:
        open_ones = open_ones.filter(phase__in=phases)
    open_ones.update(ended_at=now)


def follow_agents(states: Sequence[AgentState], *, now: datetime) -> None:
    """End what these agents were in before, and begin what they are in now. The rows of their states must be held."""
    if not states:
        return
    AgentInterval.objects.filter(agent__in=[state.agent_id for state in states], ended_at=None).update(ended_at=now)
    AgentInterval.objects.bulk_create(_agent_interval(state, now) for state in states)


def _agent_interval(state: AgentState, now: datetime) -> AgentInterval:
    reason = state.reason if state.is_connected else ""
    return AgentInterval(agent_id=state.agent_id, state=status_of(state), reason=reason, began_at=now)
