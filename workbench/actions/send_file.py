"""An agent sends a file, for a message to come."""

from django.db import transaction

from chatbot.conversations import attachments
from chatbot.conversations.locking import lock_session
from chatbot.models import Attachment, Role
from workbench.access.agents import Agent
from workbench.access.assignee import check_assignee
from workbench.access.sessions import check_readable


def send_file(*, session_name: str, agent: Agent, attachment: Attachment) -> None:
    """Write the row of an agent's file.

    Locks the session; raises NotFound, InvalidStatus (the session is not live), NotAssignee, TooManyAttachments.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        check_readable(locked.session, agent)
        check_assignee(locked.session, agent)
        attachment.role = Role.AGENT
        attachments.add(locked.session, attachment)
