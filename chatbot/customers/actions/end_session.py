"""A customer ends the conversation."""

from django.db import transaction
from django.utils.translation import gettext_noop

from chatbot.conversations import closing, events, transcript
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession
from realtime.api import send_many

NOTICE = gettext_noop("The customer has ended this conversation. Writing again reopens it.")


def end_session(*, session_name: str, credentials: Credentials | None) -> ChatSession:
    """Close the session, whether the bot, nobody or an agent has it.

    Locks it; raises NotFound, also where `credentials` is given and does not cover it, and InvalidStatus where it is
    closed.
    """
    with transaction.atomic():
        locked = lock_session(session_name, credentials)
        session = locked.session
        former = session.assignee.username if session.assignee else None
        change = closing.close(session, now=locked.now)
        notice = transcript.write_notice(session, NOTICE, now=locked.now, notice="ended")
        send_many(events.change_with_notice(session, notice, change=change, source=events.BOT, former_assignee=former))
    return session
