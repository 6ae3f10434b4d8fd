"""The only writer of sessions' histories: each line is written in the transaction of what it tells of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from chatbot.models import By, ChatSession, HistoryEntry, What


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something to a session; `agent` is None unless an agent does."""

    by: By
    agent: User | None = None


CUSTOMER = Actor(By.CUSTOMER)
BOT = Actor(By.BOT)
SYSTEM = Actor(By.SYSTEM)


def agent_actor(user: User) -> Actor:
    return Actor(By.AGENT, user)


def note(session: ChatSession, what: What, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None) -> None:
    """Write one line. The session must be locked, so that lines have the order of what happened."""
    HistoryEntry.objects.create(session=session, at=now, what=what, by=actor.by, agent=actor.agent, why=why or {})
