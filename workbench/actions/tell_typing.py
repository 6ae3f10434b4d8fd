"""An agent writes at this moment."""

from chatbot.conversations import events
from chatbot.conversations.errors import NotAssignee
from chatbot.conversations.typing_pace import TypingPace
from chatbot.models import ChatSession, Role
from realtime.api import send_many
from workbench.access.agents import Agent

_pace = TypingPace()


def tell_typing(session: ChatSession, *, agent: Agent, active: bool) -> None:
    """Tell the customer that the assignee writes, or has stopped; too much of it is swallowed.

    No statement, no lock; nothing is kept. Raises NotAssignee.
    """
    if session.assignee_id != agent.user.pk:
        raise NotAssignee
    writer = f"{session.name}/{agent.id}"
    if _pace.is_due(writer, active=active):
        send_many(events.typing(session.name, agent.id, role=Role.AGENT, active=active, source=events.WORKBENCH))
        _pace.note(writer, active=active)
