"""A customer says whether an answer of the bot helped."""

from django.db import transaction
from django.db.models.functions import Now

from chatbot.conversations.bot_reply import BotReply
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.errors import MessageNotFound
from chatbot.conversations.locking import lock_session
from chatbot.models import AnswerFeedback, ChatSession, Message, Role
from chatbot.web.schemas import MAX_ID


def give_feedback(*, session_name: str, message_id: str, is_helpful: bool, credentials: Credentials | None) -> None:
    """Keep it, in place of what was said before.

    Locks the session; raises NotFound, also where `credentials` is given and does not cover it, and MessageNotFound for
    what is no answer of the bot's in this session: see `_is_answer`.
    """
    with transaction.atomic():
        session = lock_session(session_name, credentials).session
        message = _find(session, message_id)
        if message is None or not _is_answer(message):
            raise MessageNotFound
        reply: BotReply = message.reply or BotReply()
        message.reply = {**reply, "helpful": is_helpful}
        message.save(update_fields=["reply"])
        AnswerFeedback.objects.update_or_create(
            message=message, defaults={"entry": reply.get("entry", ""), "is_helpful": is_helpful, "at": Now()}
        )


def _find(session: ChatSession, message_id: str) -> Message | None:
    if not (message_id.isascii() and message_id.isdecimal() and int(message_id) <= MAX_ID):
        return None
    return Message.objects.filter(session=session, pk=int(message_id), role=Role.BOT).first()


def _is_answer(message: Message) -> bool:
    """Not where the bot says that it does not know, asks what was meant, or was interrupted and begins anew."""
    reply: BotReply = message.reply or BotReply()
    return not (reply.get("is_unsure") or reply.get("suggestions") or reply.get("ending") == "interrupted")
