"""Which sessions an agent may read."""

from django.db.models import Q

from chatbot.conversations import errors, selectors
from chatbot.conversations.names import check_name
from chatbot.models import ChatSession, Status
from workbench.access.agents import Agent


def readable_by(agent: Agent) -> Q:
    """Which sessions an agent may read: all but the live ones of others."""
    return Q() if agent.is_supervisor else ~Q(status=Status.MANUAL_LIVE) | Q(assignee=agent.user)


def may_read(agent: Agent, status: str, assignee_id: int | None) -> bool:
    """The rule of `readable_by` for one session."""
    return agent.is_supervisor or status != Status.MANUAL_LIVE or assignee_id == agent.user.pk


def find_session(name: str) -> ChatSession:
    """A session with its assignee, without a check of who may read it; one query. Raises NotFound."""
    check_name(name)
    session = selectors.find_session(name)
    if session is None:
        raise errors.NotFound
    return session


def readable_session(agent: Agent, name: str) -> ChatSession:
    """A session that the agent may read, with its assignee; one query. Raises NotFound, NotAssignee."""
    session = find_session(name)
    check_readable(session, agent)
    return session


def check_readable(session: ChatSession, agent: Agent) -> None:
    """Raise NotAssignee unless the agent may read the session."""
    if not may_read(agent, session.status, session.assignee_id):
        raise errors.NotAssignee
