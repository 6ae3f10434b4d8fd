"""A customer says what the conversation was worth."""

from django.db import transaction

from chatbot.conversations import closing
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.locking import lock_session
from chatbot.models import Closing


def rate_session(*, session_name: str, score: int, comment: str, credentials: Credentials | None) -> Closing:
    """Rate the end of the session, once.

    Locks the session; raises NotFound, also where `credentials` is given and does not cover it, and NotRatable.
    """
    with transaction.atomic():
        session = lock_session(session_name, credentials).session
        return closing.rate(session, score=score, comment=comment)
