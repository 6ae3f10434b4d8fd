"""The only writer of messages."""

from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext, override

from chatbot.models import PREVIEW_LENGTH, ChatSession, Message, Role

CUSTOMER = "customer"
BOT = "bot"
SYSTEM = "system"


def agent_sender(agent: User) -> str:
    """The sender of an agent's messages: repeats are recognised per sender."""
    return f"agent:{agent.username}"


def find(session: ChatSession, *, sender: str, client_id: str) -> Message | None:
    """The message that this sender wrote under this id, if the call is a repeat."""
    return (
        Message.objects.select_related("agent")
        .filter(session=session, sender=sender, client_id=client_id)
        .first()
    )


def write(
    session: ChatSession,
    *,
    role: Role,
    sender: str,
    content: str,
    client_id: str,
    now: datetime,
    agent: User | None = None,
) -> Message:
    """Write a message and note it as the session's latest.

    The session must be locked (lock_session), and `find` must have said that this is no repeat.
    """
    message = Message.objects.create(
        session=session,
        role=role,
        sender=sender,
        content=content,
        client_id=client_id,
        agent=agent,
        created_at=now,
    )
    session.last_activity_at = now
    if role != Role.SYSTEM:
        session.last_message = " ".join(content.split())[:PREVIEW_LENGTH]
    session.save(update_fields=["last_message", "last_activity_at"])
    return message


def write_notice(session: ChatSession, text: str, *, now: datetime, **values: str) -> Message:
    """Write a system message in the session's language about the change to its present version.

    `text` is the English source of a translation, marked with gettext_noop where it stands; `values` fill it.
    """
    with override(session.language):
        content = gettext(text).format(**values)
    return write(
        session, role=Role.SYSTEM, sender=SYSTEM, content=content, client_id=f"version-{session.version}", now=now
    )
