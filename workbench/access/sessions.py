"""Which sessions an agent may read."""

from django.db.models import Q

from chatbot.conversations import errors, selectors
from chatbot.conversations.names import check_name
from chatbot.conversations.teams import keys_of_members, served_by, teams_by_key
from chatbot.models import Attachment, ChatSession, Role, Status
from workbench.access.agents import Agent


def readable_by(agent: Agent) -> Q:
    """Which sessions an agent may read: all but the live ones of others."""
    return Q() if agent.is_supervisor else ~Q(status=Status.MANUAL_LIVE) | Q(assignee=agent.user)


def may_read(agent: Agent, status: str, assignee_id: int | None) -> bool:
    """The rule of `readable_by` for one session."""
    return agent.is_supervisor or status != Status.MANUAL_LIVE or assignee_id == agent.user.pk


def waiting_for(agent: Agent) -> Q:
    """Waiting sessions that are in the agent's queue: of his teams, of a supervisor's all; one query."""
    waiting = Q(status=Status.PENDING_MANUAL)
    return waiting if agent.is_supervisor else waiting & served_by(agent.user)


def served_teams(agent: Agent) -> list[int]:
    """The ids of the teams whose queue is the agent's; a supervisor's are all."""
    teams = teams_by_key()
    keys = teams if agent.is_supervisor else keys_of_members([agent.user.pk])[agent.user.pk]
    return sorted(teams[key]["id"] for key in keys if key in teams)


def listed_for(agent: Agent) -> Q:
    """What an agent's lists show: everything but those who wait for other teams; one query."""
    return Q() if agent.is_supervisor else ~Q(status=Status.PENDING_MANUAL) | served_by(agent.user)


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


def readable_attachment(agent: Agent, attachment_id: str) -> Attachment:
    """A file that the agent may read: of a session that they may read, sent in a message or by an agent; one query.

    Raises AttachmentNotFound.
    """
    found = Attachment.objects.select_related("session").filter(pk=attachment_id).first()
    if found is None or found.session is None or (found.message_id is None and found.role != Role.AGENT):
        raise errors.AttachmentNotFound
    if not may_read(agent, found.session.status, found.session.assignee_id):
        raise errors.AttachmentNotFound
    return found


def check_readable(session: ChatSession, agent: Agent) -> None:
    """Raise NotAssignee unless the agent may read the session."""
    if not may_read(agent, session.status, session.assignee_id):
        raise errors.NotAssignee
