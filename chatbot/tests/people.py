"""Agents, and sessions in the state that a test begins with."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from chatbot.conversations import lifecycle
from chatbot.conversations.history import CUSTOMER, SYSTEM
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Status, Team, TeamMember


def make_agent(username: str = "alice", name: str = "", **fields: object) -> User:
    user, _ = User.objects.get_or_create(username=username, defaults={"first_name": name, **fields})
    return user


def make_team(name: str = "Billing", *members: str, **fields: Any) -> Team:
    """A team beside the default one, with these agents."""
    team = Team.objects.create(name=name, **fields)
    for username in members:
        TeamMember.objects.create(team=team, agent=make_agent(username))
    return team


def hand_over_to(session_name: str, username: str) -> None:
    """Put a session of the bot into an agent's hands, without messages and events."""
    agent = make_agent(username)
    with transaction.atomic():
        locked = lock_session(session_name)
        lifecycle.escalate(locked.session, actor=CUSTOMER, reason="", now=locked.now)
        lifecycle.take_over(locked.session, agent=agent, now=locked.now)


def be_with_people_and_back(session_name: str) -> None:
    """Have a session of the bot taken by an agent and given back."""
    hand_over_to(session_name, "alice")
    with transaction.atomic():
        locked = lock_session(session_name)
        lifecycle.release(locked.session, actor=SYSTEM, now=locked.now)


def set_status(session_name: str, status: Status) -> None:
    ChatSession.objects.filter(name=session_name).update(status=status)
