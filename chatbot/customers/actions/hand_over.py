"""A bot outside hands its customer over to people."""

from django.db import transaction

from chatbot.bot.context import came_to_bot
from chatbot.bot.hand_over_token import is_current, read_token
from chatbot.conversations.errors import InvalidStatus
from chatbot.conversations.escalation import enqueue
from chatbot.conversations.history import BOT
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Status
from realtime.api import send_many


def hand_over(*, token: str, reason: str) -> tuple[ChatSession, int]:
    """Put the session of a token into the queue; return it and its place there, from 1.

    The answer that the bot may still be making is dropped. Locks the session; raises NotFound, InvalidStatus where it
    is not with the bot, or was with people since the bot got the token, and QueueFull.
    """
    session_name, mark = read_token(token)
    with transaction.atomic():
        locked = lock_session(session_name)
        if locked.session.status != Status.BOT_ACTIVE or not is_current(mark, came_to_bot(locked.session)):
            raise InvalidStatus
        position, outgoing = enqueue(locked.session, actor=BOT, reason=reason, now=locked.now)
        send_many(outgoing)
    return locked.session, position
