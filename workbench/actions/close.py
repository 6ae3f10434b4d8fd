"""An agent ends a conversation."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_noop

from chatbot.conversations import closing, events, transcript
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Status
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.assignee import check_assignee

NOTICE = gettext_noop("This conversation has been closed. Write again at any time to reopen it.")


def close(
    *, session_name: str, agent: Agent, reason: str = "", summary: str = "", follow_up_on: date | None = None
) -> ChatSession:
    """Close a session: a live one by its assignee, a waiting one or one with the bot by any agent.

    Locks the session; raises NotFound, NotAssignee, InvalidStatus (it is closed).
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        former = session.assignee.username if session.assignee else None
        if session.status == Status.MANUAL_LIVE:
            check_assignee(session, agent)
        change = closing.close(
            session, now=locked.now, agent=agent.user, reason=reason, summary=summary, follow_up_on=follow_up_on
        )
        notice = transcript.write_notice(session, NOTICE, now=locked.now, notice="closed", by=agent.user)
        send_many(
            events.change_with_notice(session, notice, change=change, source=events.WORKBENCH, former_assignee=former)
        )
    return session
