"""The bot answers a customer's message."""

import logging

from django.db import connection, transaction
from django.db.models import QuerySet

from chatbot.bot.engine.embedded import EmbeddedEngine, apologise
from chatbot.bot.engine.interface import Action, Context, Outcome, Question, Text
from chatbot.conversations import events, transcript
from chatbot.conversations.bot_reply import BotReply
from chatbot.conversations.errors import QueueFull
from chatbot.conversations.escalation import enqueue, tell_full
from chatbot.conversations.history import BOT
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.models import BotTurn, Message, Role, Status
from chatbot.models.prepared import PreparedQuery
from realtime.api import send_many
from realtime.database import in_database

MAX_ATTEMPTS = 3
END_TURN = "DELETE FROM chatbot_botturn WHERE id = %s AND attempts = %s"

logger = logging.getLogger(__name__)


async def answer_turn(*, turn_id: int, attempt: int) -> bool:
    """Answer a turn's message and delete the turn; return whether this call did.

    False if another process took the turn over (its number of attempts is then higher). Where the session waits
    for a human or has one, the turn ends without an answer. After MAX_ATTEMPTS the bot apologises instead of thinking.
    Locks the session while it writes, not while the engine decides.
    """
    turn = await in_database(_turns.first, turn_id)
    if turn is None or turn.attempts != attempt:
        return False
    session = turn.message.session
    question = Question(turn.message.content, Context(session.name, session.language))
    outcome = apologise(question) if attempt > MAX_ATTEMPTS else await _ask(question)
    if outcome.is_unsure:
        logger.info("bot unsure message=%s", turn.message_id)
    return await in_database(_end, turn, attempt, outcome)


async def _ask(question: Question) -> Outcome:
    async for piece in EmbeddedEngine().answer(question):
        if not isinstance(piece, Text):
            return piece
    raise RuntimeError("an engine ended without an outcome")


def _end(turn: BotTurn, attempt: int, outcome: Outcome) -> bool:
    with transaction.atomic():
        locked = lock_session(turn.message.session.name)
        if not _delete(turn.pk, attempt):
            return False
        if locked.session.status == Status.BOT_ACTIVE:
            send_many(_carry_out(outcome, locked, turn.message))
    return True


def _turn_with_session(turn_id: int) -> QuerySet[BotTurn]:
    return BotTurn.objects.select_related("message__session").filter(pk=turn_id).order_by()


_turns = PreparedQuery(_turn_with_session, sample=-1)


def _delete(turn_id: int, attempt: int) -> bool:
    """Delete the turn, unless another process has it; return whether this call did."""
    with connection.cursor() as cursor:
        cursor.execute(END_TURN, [turn_id, attempt])
        return bool(cursor.rowcount)


def _carry_out(outcome: Outcome, locked: LockedSession, message: Message) -> list[events.Outgoing]:
    """Write what the bot decided about a message and return what to send."""
    if outcome.action is Action.HAND_OVER:
        return _call_an_agent(outcome.reason, locked, message)
    answer = transcript.write(
        locked.session,
        role=Role.BOT,
        sender=transcript.BOT,
        content=outcome.text,
        client_id=f"bot-{message.pk}",
        now=locked.now,
        reply=_reply(outcome),
    )
    return events.new_message(locked.session, answer, source=events.BOT)


def _reply(outcome: Outcome) -> BotReply:
    return {
        "sources": [{"title": each.title, "url": each.url} for each in outcome.sources],
        "suggestions": list(outcome.suggestions),
        "offer_human": outcome.offer_human,
        "is_unsure": outcome.is_unsure,
        "entry": outcome.entry,
    }


def _call_an_agent(reason: str, locked: LockedSession, message: Message) -> list[events.Outgoing]:
    """Put the session into the queue, as the customer's message asked; tell him if too many wait."""
    try:
        _, outgoing = enqueue(locked.session, actor=BOT, reason=reason, now=locked.now, calling_message=message.pk)
    except QueueFull:
        return tell_full(locked.session, asked_by=message, now=locked.now)
    return outgoing
