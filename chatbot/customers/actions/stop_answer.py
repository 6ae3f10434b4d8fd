"""A customer has heard enough of an answer."""

from django.db import transaction

from chatbot.bot.turns import stop_turns
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.locking import lock_session


def stop_answer(*, session_name: str, credentials: Credentials | None) -> None:
    """End what the bot is writing; what was shown of it is stored. Nothing happens if it is not writing.

    Locks the session; raises NotFound, also where `credentials` is given and does not cover it.
    """
    with transaction.atomic():
        stop_turns(lock_session(session_name, credentials).session.pk)
