"""A conversation rests: it does not count as live until its customer writes, or its time has come."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from chatbot.conversations import events, lifecycle
from chatbot.conversations.errors import InvalidBody
from chatbot.conversations.history import agent_actor
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.assignee import check_in_charge
from workbench.waking import wake_assignment


def hold(*, session_name: str, agent: Agent, until: datetime | None = None) -> ChatSession:
    """Put a live session on hold, by its assignee or a supervisor; of one that is on hold the time is changed.

    Locks the session; raises NotFound, InvalidStatus (it is not live), NotAssignee, InvalidBody for a time that is over
    by the database's clock.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        check_in_charge(session, agent)
        if until is not None and until <= locked.now:
            raise InvalidBody(_("“until” must be a time in the future, or null."), code="INVALID_UNTIL")
        if lifecycle.hold(session, until=until, actor=agent_actor(agent.user), now=locked.now):
            wake_assignment()
            send_many(events.session_updated(session, source=events.WORKBENCH))
    return session
