"""An agent takes a waiting customer."""

from django.db import transaction
from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, queue, transcript
from chatbot.conversations.agents import display_name
from chatbot.conversations.errors import Forbidden
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Status
from realtime.api import send_many
from workbench.access.agents import Agent

NOTICE = gettext_noop("You are now talking to {agent}.")


def take_over(*, session_name: str, agent: Agent, force: bool = False, from_bot: bool = False) -> ChatSession:
    """Give a waiting session to an agent: of any number of calls exactly one wins.

    A supervisor may `force` a session away from the agent who has it; with `from_bot` a conversation of the bot, which
    nobody asked an agent to join, is taken, too. Locks the session; raises NotFound, Forbidden
    (force without being a supervisor), AlreadyTaken, InvalidStatus (nobody waits).
    """
    if force and not agent.is_supervisor:
        raise Forbidden
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        former = session.assignee.username if session.assignee else None
        if force and session.status == Status.MANUAL_LIVE:
            change = lifecycle.reassign(session, agent=agent.user, now=locked.now)
        elif from_bot:
            change = lifecycle.take_from_bot(session, agent=agent.user, now=locked.now)
        else:
            change = lifecycle.take_over(session, agent=agent.user, now=locked.now)
        notice = transcript.write_notice(
            session, NOTICE, now=locked.now, notice="taken", by=agent.user, agent=display_name(agent.user)
        )
        queue.announce_queue()
        send_many(
            events.change_with_notice(session, notice, change=change, source=events.WORKBENCH, former_assignee=former)
        )
    return session
