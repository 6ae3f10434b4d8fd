"""A customer gives up waiting for a human."""

from django.db import transaction
from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, queue, transcript
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession
from realtime.api import send_many

NOTICE = gettext_noop("You are no longer waiting for an agent. The assistant is back.")


def cancel_escalation(*, session_name: str, credentials: Credentials | None) -> ChatSession:
    """Take a waiting session out of the queue, back to the bot.

    Locks it; raises NotFound, also where `credentials` is given and does not cover it, and InvalidStatus.
    """
    with transaction.atomic():
        locked = lock_session(session_name, credentials)
        session = locked.session
        change = lifecycle.give_up_waiting(session, actor=CUSTOMER, now=locked.now)
        notice = transcript.write_notice(session, NOTICE, now=locked.now, notice="gave_up")
        queue.announce_queue()
        send_many(events.change_with_notice(session, notice, change=change, source=events.BOT))
    return session
