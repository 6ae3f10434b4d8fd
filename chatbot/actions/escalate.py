"""A customer asks for a human, by button or by word."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from chatbot import events, lifecycle, queue, transcript
from chatbot.access import Claim
from chatbot.models import ChatSession
from chatbot.selectors import queue_rank
from chatbot.sessions import lock_session
from realtime.api import send_many

NOTICE = gettext_noop("An agent has been asked to join. You can keep writing while you wait.")


def escalate(*, session_name: str, reason: str, claim: Claim | None) -> tuple[ChatSession, int]:
    """Put a session into the queue; return it and its place there, from 1.

    Every open workbench hears of it. A closed session is reopened by it.
    Locks the session; raises NotFound, also where `claim` is given and does not cover it, and AlreadyEscalated.
    """
    with transaction.atomic():
        locked = lock_session(session_name, claim)
        position, outgoing = enqueue(locked.session, reason=reason, now=locked.now)
        send_many(outgoing)
    return locked.session, position


def enqueue(session: ChatSession, *, reason: str, now: datetime) -> tuple[int, list[events.Outgoing]]:
    """Do it to a session that the caller has locked; return its place and what the caller must send.

    Raises AlreadyEscalated.
    """
    previous = lifecycle.escalate(session, reason=reason, now=now)
    notice = transcript.write_notice(session, NOTICE, now=now)
    queue.announce_queue()
    position = queue_rank(session)
    return position, [
        *events.status_change(session, previous=previous, source=events.BOT),
        *events.transfer_request(session, waiting_since=now, position=position, source=events.BOT),
        *events.new_message(session, notice, source=events.BOT),
    ]
