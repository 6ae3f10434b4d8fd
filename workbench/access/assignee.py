"""The rule that a live conversation is its assignee's."""

from chatbot.conversations.errors import InvalidStatus, NotAssignee
from chatbot.models import ChatSession, Status
from workbench.access.agents import Agent


def check_in_charge(session: ChatSession, agent: Agent) -> None:
    """As check_assignee, but a supervisor may, too."""
    if not agent.is_supervisor or session.status != Status.MANUAL_LIVE:
        check_assignee(session, agent)


def check_assignee(session: ChatSession, agent: Agent) -> None:
    """Raise InvalidStatus unless the session is live, NotAssignee unless this agent has it.

    Decides only while the session is locked.
    """
    if session.status != Status.MANUAL_LIVE:
        raise InvalidStatus
    if session.assignee_id != agent.user.pk:
        raise NotAssignee
