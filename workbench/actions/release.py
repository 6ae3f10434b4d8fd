"""An agent gives a conversation back to the bot."""

from django.db import transaction
from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, transcript
from chatbot.conversations.history import agent_actor
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.assignment.assignee import check_assignee

NOTICE = gettext_noop("The agent has left the conversation. The assistant is back.")


def release(*, session_name: str, agent: Agent) -> ChatSession:
    """Give a live session back to the bot. Locks it; raises NotFound, InvalidStatus, NotAssignee."""
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        check_assignee(session, agent)
        change = lifecycle.release(session, actor=agent_actor(agent.user), now=locked.now)
        notice = transcript.write_notice(session, NOTICE, now=locked.now, notice="released", by=agent.user)
        send_many(
            events.change_with_notice(session, notice, change=change, source=events.WORKBENCH, former_assignee=agent.id)
        )
    return session
