"""A customer asks for a human, by button or by word."""

from django.db import transaction

from chatbot.conversations.credentials import Credentials
from chatbot.conversations.escalation import enqueue
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession
from realtime.api import send_many


def escalate(*, session_name: str, reason: str, credentials: Credentials | None) -> tuple[ChatSession, int]:
    """Put a session into the queue; return it and its place there, from 1.

    Every open workbench shows it. A closed session is reopened.
    Locks the session; raises NotFound, also where `credentials` is given and does not cover it, and AlreadyEscalated.
    """
    with transaction.atomic():
        locked = lock_session(session_name, credentials)
        position, outgoing = enqueue(locked.session, actor=CUSTOMER, reason=reason, now=locked.now)
        send_many(outgoing)
    return locked.session, position
