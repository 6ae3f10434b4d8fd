"""The bot answers a customer's message."""

import logging

from django.db import connection, transaction
from django.db.models import QuerySet

from chatbot.bot import engine
from chatbot.conversations import events, transcript
from chatbot.conversations.errors import QueueFull
from chatbot.conversations.escalation import enqueue, tell_full
from chatbot.conversations.history import BOT
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.models import BotAnswer, BotTurn, Message, Role, Status
from chatbot.models.prepared import PreparedQuery
from realtime.api import send_many

MAX_ATTEMPTS = 3
END_TURN = "DELETE FROM chatbot_botturn WHERE id = %s AND attempts = %s"

logger = logging.getLogger(__name__)


def answer_turn(*, turn_id: int, attempt: int) -> bool:
    """Answer a turn's message and delete the turn; return whether this call did.

    False if another process took the turn over (its number of attempts is then higher). Where the session waits
    for a human or has one, the turn ends without an answer. After MAX_ATTEMPTS the bot apologises instead of thinking.
    Locks the session while it writes, not while the engine decides.
    """
    turn = _turns.first(turn_id)
    if turn is None or turn.attempts != attempt:
        return False
    text, language = turn.message.content, turn.message.session.language
    if attempt > MAX_ATTEMPTS:
        decision: engine.Decision = engine.apologise(text, default_language=language)
    else:
        decision = engine.decide(text, known_answers(), default_language=language)
    if isinstance(decision, engine.Reply) and decision.offer_human:
        logger.info("bot unsure message=%s", turn.message_id)
    with transaction.atomic():
        locked = lock_session(turn.message.session.name)
        if not _end_turn(turn_id, attempt):
            return False
        if locked.session.status == Status.BOT_ACTIVE:
            send_many(_carry_out(decision, locked, turn.message))
    return True


def _turn_with_session(turn_id: int) -> QuerySet[BotTurn]:
    return BotTurn.objects.select_related("message__session").filter(pk=turn_id).order_by()


_turns = PreparedQuery(_turn_with_session, sample=-1)


def _end_turn(turn_id: int, attempt: int) -> bool:
    """Delete the turn, unless another process has it; return whether this call did."""
    with connection.cursor() as cursor:
        cursor.execute(END_TURN, [turn_id, attempt])
        return bool(cursor.rowcount)


def known_answers() -> list[engine.KnownAnswer]:
    """The bot's active answers in every language."""
    rows = BotAnswer.objects.filter(is_active=True).values_list("question", "keywords", "answer", "language")
    return [engine.KnownAnswer(*row) for row in rows]


def _carry_out(decision: engine.Decision, locked: LockedSession, message: Message) -> list[events.Outgoing]:
    """Write what the bot decided about a message and return what to send."""
    if isinstance(decision, engine.Escalate):
        return _call_an_agent(decision.reason, locked, message)
    answer = transcript.write(
        locked.session,
        role=Role.BOT,
        sender=transcript.BOT,
        content=decision.text,
        client_id=f"bot-{message.pk}",
        now=locked.now,
    )
    return events.new_message(locked.session, answer, source=events.BOT)


def _call_an_agent(reason: str, locked: LockedSession, message: Message) -> list[events.Outgoing]:
    """Put the session into the queue, as the customer's message asked; tell him if too many wait."""
    try:
        _, outgoing = enqueue(locked.session, actor=BOT, reason=reason, now=locked.now, calling_message=message.pk)
    except QueueFull:
        return tell_full(locked.session, asked_by=message, now=locked.now)
    return outgoing
