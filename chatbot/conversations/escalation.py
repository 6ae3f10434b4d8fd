"""Putting a session into the queue: for the customer, who pressed the button, or for the bot."""

from datetime import datetime

from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, queue, transcript
from chatbot.conversations.history import Actor
from chatbot.conversations.selectors import queue_rank
from chatbot.models import ChatSession

NOTICE = gettext_noop("An agent has been asked to join. You can keep writing while you wait.")


def enqueue(
    session: ChatSession, *, actor: Actor, reason: str, now: datetime, calling_message: int | None = None
) -> tuple[int, list[events.Outgoing]]:
    """Do it to a session that the caller has locked; return its place and what the caller must send.

    `calling_message` is the id of a message that asked for it: the customer's question is what came before.
    Raises AlreadyEscalated.
    """
    question = transcript.last_words(session, before=calling_message)
    change = lifecycle.escalate(session, actor=actor, reason=reason, now=now, question=question)
    notice = transcript.write_notice(session, NOTICE, now=now, notice="asked")
    queue.announce_queue()
    position = queue_rank(session)
    return position, [
        *events.status_change(session, change=change, source=events.BOT),
        *events.transfer_request(session, waiting_since=now, position=position, source=events.BOT),
        *events.new_message(session, notice, source=events.BOT),
    ]
