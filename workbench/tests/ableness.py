"""Agents who could be given a session, without their pages."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models.functions import Now

from chatbot.models import PRESENCE_LEASE, AgentPresence, AgentState, Availability, PresenceHolder, Team, TeamMember
from chatbot.tests.people import make_agent

HOLDER = "a-process"


def make_able(username: str, name: str = "", *, team: Team | None = None, **fields: Any) -> User:
    """An agent who is available and has a page open; `fields` are those of his state."""
    agent = make_agent(username, name)
    AgentState.objects.update_or_create(
        agent=agent,
        defaults={"able_since": Now() - timedelta(hours=1), "availability": Availability.AVAILABLE, **fields},
    )
    PresenceHolder.objects.update_or_create(name=HOLDER, defaults={"lease_until": Now() + PRESENCE_LEASE})
    AgentPresence.objects.get_or_create(agent=agent, holder_id=HOLDER)
    if team is not None:
        TeamMember.objects.get_or_create(team=team, agent=agent)
    return agent


def disconnect(username: str) -> None:
    """As it is before anybody has noticed."""
    AgentPresence.objects.filter(agent__username=username).delete()


def be_able(username: str, is_able: bool) -> None:
    """As his presence or his own choice has it, once that is noted."""
    AgentState.objects.filter(agent__username=username).update(able_since=Now() if is_able else None)
