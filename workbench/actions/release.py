"""An agent gives a conversation back to the bot."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, gettext_noop, override

from chatbot.conversations import events, lifecycle, transcript
from chatbot.conversations.history import agent_actor
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Message, Role
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.assignee import check_assignee

NOTICE = gettext_noop("The agent has left the conversation. The assistant is back.")

# From the bot itself, so that nobody waits for nobody.
# Translators: as the button of the chat page is called; in Chinese that is “转人工客服”.
BACK = gettext_noop("I am here again. Ask me anything, or press “Talk to a human”.")


def release(*, session_name: str, agent: Agent) -> ChatSession:
    """Give a live session back to the bot, which says that it is there.

    Locks the session; raises NotFound, InvalidStatus, NotAssignee.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        check_assignee(session, agent)
        change = lifecycle.release(session, actor=agent_actor(agent.user), now=locked.now)
        notice = transcript.write_notice(session, NOTICE, now=locked.now, notice="released", by=agent.user)
        told = events.change_with_notice(
            session, notice, change=change, source=events.WORKBENCH, former_assignee=agent.id
        )
        greeting = _greet(session, now=locked.now)
        send_many([*told, *events.new_message(session, greeting, source=events.WORKBENCH)])
    return session


def _greet(session: ChatSession, *, now: datetime) -> Message:
    with override(session.language):
        content = gettext(BACK)
    client_id = f"back-{session.version}"
    return transcript.write(
        session, role=Role.BOT, sender=transcript.BOT, content=content, client_id=client_id, now=now
    )
