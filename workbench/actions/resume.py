"""A conversation that was on hold goes on."""

from django.db import transaction

from chatbot.conversations import events, lifecycle
from chatbot.conversations.history import SYSTEM, agent_actor
from chatbot.conversations.locking import lock_if_free, lock_session
from chatbot.models import ChatSession
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.assignee import check_in_charge


def resume(*, session_name: str, agent: Agent) -> ChatSession:
    """End the hold of a live session, by its assignee or a supervisor; nothing happens to one that is not on hold.

    Locks the session; raises NotFound, InvalidStatus (it is not live), NotAssignee.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        check_in_charge(session, agent)
        if lifecycle.resume(session, actor=agent_actor(agent.user), now=locked.now):
            send_many(events.session_updated(session, source=events.WORKBENCH))
    return session


def resume_in_time(*, session_name: str) -> bool:
    """End a hold whose time is over by the database's clock; whether this call did. Locks the session."""
    with transaction.atomic():
        locked = lock_if_free(session_name)
        if locked is None:
            return False
        session = locked.session
        if session.held_since is None or session.hold_until is None or session.hold_until > locked.now:
            return False
        lifecycle.resume(session, actor=SYSTEM, now=locked.now, why={"code": "hold_over"})
        send_many(events.session_updated(session, source=events.WORKBENCH))
    return True
