"""A turn in the database: how a process begins it, what it has shown of the answer, and how it ends."""

from dataclasses import dataclass, replace
from typing import cast

from django.db import connection, transaction
from django.db.models import F, QuerySet

from chatbot.bot.context import BEGINNINGS, context_of
from chatbot.bot.engine.choice import ChosenEngine, engine_of
from chatbot.bot.engine.interface import Action, Outcome, Question
from chatbot.bot.engine.wording import AGENT_AFTER_ALL, say
from chatbot.conversations import events, transcript
from chatbot.conversations.answering import stream_of
from chatbot.conversations.bot_reply import BotReply
from chatbot.conversations.errors import QueueFull
from chatbot.conversations.escalation import enqueue, tell_full
from chatbot.conversations.history import BOT, happened_after
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.knowledge import unanswered
from chatbot.models import MAX_CONTENT_LENGTH, BotThread, BotTurn, ChatSession, Message, Role, Status, What
from chatbot.models.prepared_queries import PreparedQuery
from realtime.api import send_many

END_TURN = "DELETE FROM chatbot_botturn WHERE id = %s AND attempts = %s RETURNING is_stopped"


class LostTurn(Exception):
    """Another process has taken the turn over, or it has ended."""


@dataclass(frozen=True, slots=True)
class Work:
    """A turn that this process has begun."""

    turn: BotTurn
    attempt: int
    question: Question
    chosen: ChosenEngine

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
    thread = _thread(message.session, chosen)
    context = context_of(message.session, before=message.pk, written_at=message.created_at, thread=thread)
    work = Work(turn, attempt, Question(message.content, context), chosen)
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


def end(work: Work, outcome: Outcome, *, is_halted: bool = False) -> None:
    """Carry out what the bot decided, and delete the turn.

    `is_halted`: it is what was shown until somebody wanted no more. Nothing is said where people have the session, or
    had it since the question was asked. While the customer waits for them the question is put aside, to be answered if
    he gives that up. Locks the session. Raises LostTurn, with nothing written.
    """
    with transaction.atomic():
        locked = lock_session(work.session.name)
        is_stopped = _delete(work)
        since = happened_after(locked.session, work.turn.message.created_at, *BEGINNINGS)
        if locked.session.status == Status.CLOSED or since - {What.GAVE_UP}:
            return
        _keep_thread(work, outcome)
        if locked.session.status == Status.MANUAL_LIVE:
            return
        if not is_stopped and (is_halted or locked.session.status == Status.PENDING_MANUAL):
            _put_aside(work, locked)
        elif locked.session.status == Status.BOT_ACTIVE:
            decided = _as_offer(work, outcome) if What.GAVE_UP in since else outcome
            send_many(_carry_out(work, decided, locked, is_stopped=is_stopped))


def _turn_with_session(turn_id: int) -> QuerySet[BotTurn]:
    return BotTurn.objects.select_related("message__session").filter(pk=turn_id).order_by()


_turns = PreparedQuery(_turn_with_session, sample=-1)


def _thread(session: ChatSession, chosen: ChosenEngine) -> str:
    """What the engine calls the conversation; no query for one that has no row."""
    if chosen.row_id is None:
        return ""
    threads = BotThread.objects.filter(session=session, engine=chosen.row_id)
    return threads.values_list("thread", flat=True).first() or ""


def _keep_thread(work: Work, outcome: Outcome) -> None:
    if outcome.thread and work.chosen.row_id is not None:
        BotThread.objects.update_or_create(
            session=work.session, engine_id=work.chosen.row_id, defaults={"thread": outcome.thread}
        )


def _delete(work: Work) -> bool:
    """Delete the turn; return whether the customer has stopped it. Raises LostTurn if another process has it."""
    with connection.cursor() as cursor:
        cursor.execute(END_TURN, [work.turn.pk, work.attempt])
        row = cursor.fetchone()
    if row is None:
        raise LostTurn
    return bool(row[0])


def _put_aside(work: Work, locked: LockedSession) -> None:
    """A new turn for the message, which nobody takes while the customer waits."""
    fragments = work.turn.fragments + 1  # what was shown has gone from the page: the answer has another name
    BotTurn.objects.create(message=work.turn.message, lease_until=locked.now, fragments=fragments)


def _as_offer(work: Work, outcome: Outcome) -> Outcome:
    """Who has given up waiting is not made to wait again for what he wrote before: he may if he likes."""
    if outcome.action is not Action.HAND_OVER:
        return outcome
    shown, offer = work.turn.shown, say(AGENT_AFTER_ALL, work.session.language)
    text = f"{shown}\n\n{offer}" if shown else offer
    return replace(
        outcome, action=Action.ANSWER, text=text if len(text) <= MAX_CONTENT_LENGTH else shown, offer_human=True
    )


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
