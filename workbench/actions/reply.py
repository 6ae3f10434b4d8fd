"""An agent writes to the customer."""

from collections.abc import Sequence

from django.db import transaction

from chatbot.conversations import events, transcript
from chatbot.conversations.locking import lock_session
from chatbot.models import Role
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.assignee import check_assignee
from workbench.access.sessions import check_readable


def reply(
    *, session_name: str, agent: Agent, content: str, client_id: str, attachments: Sequence[str] = ()
) -> tuple[events.MessageJson, bool]:
    """Write an agent's message and return it, with whether it was written by this call.

    `attachments` are ids of files that agents have sent to the session and no message has taken.
    Writes before it checks the assignee, so that a repeat of an accepted message returns that message even if the
    session has gone back to the bot meanwhile; a refusal rolls a new message back.
    Locks the session; raises NotFound, AttachmentNotFound, InvalidStatus (the session is not live), NotAssignee.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        check_readable(session, agent)
        try:
            message = transcript.write(
                session,
                role=Role.AGENT,
                sender=transcript.agent_sender(agent.user),
                content=content,
                client_id=client_id,
                agent=agent.user,
                now=locked.now,
                attachments=attachments,
            )
        except transcript.Repeated as repeat:
            return events.message_json(session, repeat.first), False
        check_assignee(session, agent)
        send_many(events.new_message(session, message, source=events.WORKBENCH))
    return events.message_json(session, message), True
