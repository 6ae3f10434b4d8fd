"""An agent's page says what it has got and what the agent has seen."""

from django.db import transaction
from django.db.models.functions import Greatest

from chatbot.conversations import events, receipts
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Role, SeenMessage
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.sessions import check_readable


def confirm_messages(*, session_name: str, agent: Agent, delivered: int | None, seen: int | None) -> None:
    """Note what the agent has seen; the assignee's receipts are also those of the session, which its customer sees.

    Neither goes back. Locks the session; raises NotFound, NotAssignee, MessageNotFound.
    """
    with transaction.atomic():
        session = lock_session(session_name).session
        check_readable(session, agent)
        receipts.check_messages(session, Role.AGENT, delivered, seen)
        if seen is not None:
            _note_seen(session, agent, seen)
        if session.assignee_id == agent.user.pk:
            send_many(receipts.confirm(session, Role.AGENT, delivered=delivered, seen=seen, source=events.WORKBENCH))


def _note_seen(session: ChatSession, agent: Agent, message_id: int) -> None:
    """Only here are rows written, with the session locked: two calls do not write the same one."""
    own = SeenMessage.objects.filter(session=session, agent=agent.user)
    if not own.update(message_id=Greatest("message_id", message_id)):
        SeenMessage.objects.create(session=session, agent=agent.user, message_id=message_id)
