"""A customer's page says what it has got and what the customer has seen."""

from django.db import transaction

from chatbot.conversations import events, receipts
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.locking import lock_session
from chatbot.models import Role
from realtime.api import send_many


def confirm_messages(
    *, session_name: str, delivered: int | None, seen: int | None, credentials: Credentials | None
) -> None:
    """Move the customer's receipts forward, never back.

    Locks the session; raises NotFound, also where `credentials` is given and does not cover it, and MessageNotFound.
    """
    with transaction.atomic():
        session = lock_session(session_name, credentials).session
        receipts.check_messages(session, Role.CUSTOMER, delivered, seen)
        send_many(receipts.confirm(session, Role.CUSTOMER, delivered=delivered, seen=seen, source=events.BOT))
