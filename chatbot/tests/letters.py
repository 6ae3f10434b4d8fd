"""A session whose customer left an address, what happens to it, and the letter that he gets."""

from datetime import timedelta
from typing import Any

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F

from chatbot.conversations import presence
from chatbot.conversations.locking import lock_session
from chatbot.conversations.mailed import mailed_json
from chatbot.conversations.transcript import write
from chatbot.mail import sending
from chatbot.models import ChatSession, Message, ReplyMail, Role
from chatbot.tests.customer import make_session
from chatbot.tests.people import hand_over_to, make_agent
from realtime.database import in_database

MINUTES = 5


def begin(**fields: Any) -> ChatSession:
    """A live session of a customer who left an address."""
    make_agent("alice", "Alice")
    session = make_session(**{"customer_email": "wang@example.com", "token_digest": "t" * 64, **fields})
    hand_over_to(session.name, "alice")
    return session


def say(content: str, role: Role = Role.AGENT, name: str = "s-1") -> Message:
    with transaction.atomic():
        locked = lock_session(name)
        agent = make_agent("alice") if role == Role.AGENT else None
        sender = "agent:alice" if role == Role.AGENT else "customer"
        client_id = f"{role}-{Message.objects.count()}"
        return write(
            locked.session, role=role, sender=sender, content=content, client_id=client_id, now=locked.now, agent=agent
        )


def pass_minutes(minutes: float) -> None:
    """As if everything had happened so much earlier."""
    step = timedelta(minutes=minutes)
    Message.objects.update(created_at=F("created_at") - step)
    ReplyMail.objects.update(absent_since=F("absent_since") - step, next_try_at=F("next_try_at") - step)


def open_page() -> None:
    presence.hold("p-1")
    presence.change("p-1", came={"s-1"}, went=())


def close_page() -> None:
    presence.change("p-1", came=(), went={"s-1"})


async def looks(minutes: float) -> None:
    """A look now, and one when so much time has gone by."""
    await sending.look()
    await in_database(pass_minutes, minutes)
    await sending.look()


def letter() -> EmailMultiAlternatives:
    [found] = mail.outbox
    assert isinstance(found, EmailMultiAlternatives)
    return found


def state() -> str | None:
    said = mailed_json(ChatSession.objects.get())
    return said["state"] if said else None
