"""A customer sends a file, for a message to come."""

from django.db import transaction

from chatbot.conversations import attachments
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.locking import lock_session
from chatbot.models import Attachment, Role


def send_file(*, session_name: str, attachment: Attachment, credentials: Credentials) -> None:
    """Write the row of a customer's file. Locks the session; raises NotFound, TooManyAttachments."""
    with transaction.atomic():
        locked = lock_session(session_name, credentials)
        attachment.role = Role.CUSTOMER
        attachments.add(locked.session, attachment)
