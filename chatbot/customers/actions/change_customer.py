"""A customer says who they are, and how they can be reached."""

from django.db import transaction

from chatbot.conversations import events
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession
from realtime.api import send_many


def change_customer(
    *, session_name: str, name: str | None, email: str | None, credentials: Credentials | None
) -> ChatSession:
    """Change what is given of name and e-mail address, and tell the agents.

    Locks the session; raises NotFound, also where `credentials` is given and does not cover it.
    """
    with transaction.atomic():
        session = lock_session(session_name, credentials).session
        changes = {
            field: value
            for field, value in (("customer_name", name), ("customer_email", email))
            if value is not None and value != getattr(session, field)
        }
        if changes:
            ChatSession.objects.filter(pk=session.pk).update(**changes)
            for field, value in changes.items():
                setattr(session, field, value)
            send_many([events.customer_change(session, source=events.BOT)])
    return session
