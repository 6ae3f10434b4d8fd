"""A customer writes."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from chatbot.bot import turns
from chatbot.conversations import escalation, events, lifecycle, transcript
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.errors import QueueFull
from chatbot.conversations.history import CUSTOMER, SYSTEM
from chatbot.conversations.locking import lock_session
from chatbot.models import ChatSession, Message, Role, Status
from realtime.api import send_many


def post_customer_message(
    *, session_name: str, content: str, client_id: str, credentials: Credentials | None, attachments: Sequence[str] = ()
) -> tuple[events.MessageJson, bool]:
    """Write a customer's message and return it, with whether it was written by this call.

    `attachments` are ids of files that the customer has sent to the session and no message has taken.
    The same client_id again returns the first message and does nothing. A closed session is reopened, one on hold
    resumed. While the session is with the bot, the bot owes an answer (chatbot/bot/turns.py), unless with this message
    a conversation begins that is for people at once, by the team's rule.
    Locks the session; raises NotFound, also where `credentials` is given and does not cover it; AttachmentNotFound.
    """
    with transaction.atomic():
        locked = lock_session(session_name, credentials)
        session = locked.session
        begins = session.status == Status.CLOSED or (session.status == Status.BOT_ACTIVE and not session.last_message)
        try:
            message = transcript.write(
                session,
                role=Role.CUSTOMER,
                sender=transcript.CUSTOMER,
                content=content,
                client_id=client_id,
                now=locked.now,
                attachments=attachments,
            )
        except transcript.Repeated as repeat:
            return events.message_json(session, repeat.first), False
        called = []
        reopened = _end_hold(session, now=locked.now) if session.held_since else []
        if begins and escalation.is_for_people(session, now=locked.now):
            called = _call_people(session, message, now=locked.now)
        if session.status == Status.CLOSED:
            reopened = _reopen(session, now=locked.now)
        if session.status == Status.BOT_ACTIVE:
            turns.enqueue_turn(message, now=locked.now)
        send_many([*reopened, *events.new_message(session, message, source=events.BOT), *called])
    return events.message_json(session, message), True


def _reopen(session: ChatSession, *, now: datetime) -> list[events.Outgoing]:
    former_priority = session.priority
    change = lifecycle.reopen(session, now=now)
    updated = events.session_updated(session, source=events.BOT) if session.priority != former_priority else []
    return [*updated, *events.status_change(session, change=change, source=events.BOT)]


def _end_hold(session: ChatSession, *, now: datetime) -> list[events.Outgoing]:
    lifecycle.resume(session, actor=CUSTOMER, now=now, why={"code": "customer_wrote"})
    return events.session_updated(session, source=events.BOT)


def _call_people(session: ChatSession, message: Message, *, now: datetime) -> list[events.Outgoing]:
    """Put the session into its team's queue; the bot has it where too many wait."""
    try:
        _, outgoing = escalation.enqueue(session, actor=SYSTEM, reason="", now=now, team=session.team)
    except QueueFull:
        return escalation.tell_full(session, asked_by=message, now=now)
    return outgoing
