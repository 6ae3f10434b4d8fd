"""A turn in the database: how a process begins it, what it has shown of the answer, and how it ends."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db import connection, transaction
from django.db.models import F, QuerySet

from chatbot.bot.context import came_to_bot, context_of
from chatbot.bot.engine.choice import ChosenEngine, engine_of
from chatbot.bot.engine.interface import Action, Outcome, Question
from chatbot.conversations import events, transcript
from chatbot.conversations.answering import stream_of
from chatbot.conversations.bot_reply import BotReply
from chatbot.conversations.errors import QueueFull
from chatbot.conversations.escalation import enqueue, tell_full
from chatbot.conversations.history import BOT
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.knowledge import unanswered
from chatbot.models import BotThread, BotTurn, ChatSession, Message, Role, Status
from chatbot.models.prepared import PreparedQuery
from realtime.api import send_many

END_TURN = "DELETE FROM chatbot_botturn WHERE id = %s AND attempts = %s"


class LostTurn(Exception):
    """Another process has taken the turn over, or it has ended."""


@dataclass(frozen=True, slots=True)
class Work:
    """A turn that this process has begun; `came_to_bot` tells whether people had the session meanwhile."""

    turn: BotTurn
    attempt: int
    question: Question
    chosen: ChosenEngine
    came_to_bot: datetime | None

    @property
    def session(self) -> ChatSession:
        return self.turn.message.session

    @property
    def stream(self) -> str:
        return stream_of(self.turn)


def begin(turn_id: int, attempt: int) -> Work:
    """Read a turn with what its engine is told. What an attempt that died has shown is kept, marked as interrupted.

    Raises LostTurn. Locks the session only where something was shown.
    """
    turn = _turns.first(turn_id)
    if turn is None or turn.attempts != attempt:
        raise LostTurn
    message = turn.message
    chosen = engine_of(message.session.team_id)
    context = context_of(message.session, before=message.pk, thread=_thread(message.session, chosen))
    work = Work(turn, attempt, Question(message.content, context), chosen, came_to_bot(message.session))
    if turn.shown and not turn.is_stopped:
        set_aside(work)
    return work


def show(work: Work, text: str) -> bool:
    """Note that the customer is shown more of the answer, then show it; False if he has stopped it.

    No lock: who takes the turn over raises its attempts first. Raises LostTurn.
    """
    turn = work.turn
    shown, index = turn.shown + text, turn.shown_index + 1
    mine = BotTurn.objects.filter(pk=turn.pk, attempts=work.attempt)
    if not mine.filter(is_stopped=False).update(shown=shown, shown_index=index):
        if not mine.exists():
            raise LostTurn
        return False
    turn.shown, turn.shown_index = shown, index
    send_many([events.message_delta(work.session, stream=work.stream, index=index, text=text)])
    return True


def set_aside(work: Work) -> None:
    """Keep what was shown as a message that is marked as interrupted; the answer begins anew. Raises LostTurn."""
    turn = work.turn
    with transaction.atomic():
        locked = lock_session(work.session.name)
        mine = BotTurn.objects.filter(pk=turn.pk, attempts=work.attempt)
        if not mine.update(shown="", shown_index=0, fragments=F("fragments") + 1):
            raise LostTurn
        if locked.session.status == Status.BOT_ACTIVE:
            reply: BotReply = {"ending": "interrupted"}
            send_many(_write(locked, turn.shown, stream=work.stream, reply=reply))
    turn.shown, turn.shown_index, turn.fragments = "", 0, turn.fragments + 1


def end(work: Work, outcome: Outcome, *, is_stopped: bool = False) -> None:
    """Carry out what the bot decided, and delete the turn.

    Nothing is said where the session waits for people, or was with them since the turn began. Locks the session.
    Raises LostTurn, with nothing written.
    """
    with transaction.atomic():
        locked = lock_session(work.session.name)
        if not _delete(work):
            raise LostTurn
        if locked.session.status == Status.CLOSED or came_to_bot(locked.session) != work.came_to_bot:
            return
        if outcome.thread and work.chosen.row_id is not None:
            BotThread.objects.update_or_create(
                session=work.session, engine_id=work.chosen.row_id, defaults={"thread": outcome.thread}
            )
        if locked.session.status == Status.BOT_ACTIVE:
            send_many(_carry_out(work, outcome, locked, is_stopped=is_stopped))


def _turn_with_session(turn_id: int) -> QuerySet[BotTurn]:
    return BotTurn.objects.select_related("message__session").filter(pk=turn_id).order_by()


_turns = PreparedQuery(_turn_with_session, sample=-1)


def _thread(session: ChatSession, chosen: ChosenEngine) -> str:
    """What the engine calls the conversation; no query for one that has no row."""
    if chosen.row_id is None:
        return ""
    threads = BotThread.objects.filter(session=session, engine=chosen.row_id)
    return threads.values_list("thread", flat=True).first() or ""


def _delete(work: Work) -> bool:
    """Delete the turn, unless another process has it; return whether this call did."""
    with connection.cursor() as cursor:
        cursor.execute(END_TURN, [work.turn.pk, work.attempt])
        return bool(cursor.rowcount)


def _carry_out(work: Work, outcome: Outcome, locked: LockedSession, *, is_stopped: bool) -> list[events.Outgoing]:
    if outcome.action is Action.HAND_OVER:
        shown = work.turn.shown and _write(locked, work.turn.shown, stream=work.stream, reply={})
        return [*(shown or ()), *_call_an_agent(outcome, locked, work.turn.message)]
    if outcome.is_unsure:
        unanswered.note(work.turn.message, outcome.confidence)
    reply = _reply(outcome)
    if is_stopped:
        reply["ending"] = "stopped"
    return _write(locked, outcome.text, stream=work.stream, reply=reply)


def _write(locked: LockedSession, content: str, *, stream: str, reply: BotReply) -> list[events.Outgoing]:
    message = transcript.write(
        locked.session,
        role=Role.BOT,
        sender=transcript.BOT,
        content=content,
        client_id=stream,
        now=locked.now,
        reply=reply,
    )
    return events.new_message(locked.session, message, source=events.BOT)


def _reply(outcome: Outcome) -> BotReply:
    """Only what is not as usual: it goes into every row."""
    reply: BotReply = {
        "sources": [{"title": each.title, "url": each.url} for each in outcome.sources],
        "suggestions": list(outcome.suggestions),
        "offer_human": outcome.offer_human,
        "is_unsure": outcome.is_unsure,
        "had_trouble": outcome.had_trouble,
        "entry": outcome.entry,
    }
    return cast(BotReply, {name: value for name, value in reply.items() if value})


def _call_an_agent(outcome: Outcome, locked: LockedSession, message: Message) -> list[events.Outgoing]:
    """Put the session into the queue, as the customer's message asked; tell him if too many wait."""
    try:
        _, outgoing = enqueue(
            locked.session,
            actor=BOT,
            reason=outcome.reason,
            now=locked.now,
            calling_message=message.pk,
            summary=outcome.summary,
        )
    except QueueFull:
        return _tell_full(locked, message)
    return outgoing


def _tell_full(locked: LockedSession, message: Message) -> list[events.Outgoing]:
    try:
        return tell_full(locked.session, asked_by=message, now=locked.now)
    except transcript.Repeated:  # where people come first he was told with his message
        return []
