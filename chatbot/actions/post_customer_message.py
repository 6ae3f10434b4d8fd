"""A customer writes."""

from django.db import transaction

from chatbot import events, lifecycle, transcript, turns
from chatbot.access import Claim
from chatbot.models import Role, Status
from chatbot.sessions import lock_session
from realtime.api import send_many


def post_customer_message(
    *, session_name: str, content: str, client_id: str, claim: Claim | None
) -> tuple[events.MessageJson, bool]:
    """Write a customer's message and return it, with whether it was written by this call.

    The same client_id again returns the first message and does nothing. A closed session is reopened. While the
    session is with the bot, the bot owes an answer (chatbot/turns.py).
    Locks the session; raises NotFound, also where `claim` is given and does not cover it.
    """
    with transaction.atomic():
        locked = lock_session(session_name, claim)
        session = locked.session
        try:
            message = transcript.write(
                session,
                role=Role.CUSTOMER,
                sender=transcript.CUSTOMER,
                content=content,
                client_id=client_id,
                now=locked.now,
            )
        except transcript.Repeated as repeat:
            return events.message_json(session, repeat.first), False
        outgoing = []
        if session.status == Status.CLOSED:
            previous = lifecycle.reopen(session)
            outgoing += events.status_change(session, previous=previous, source=events.BOT)
        if session.status == Status.BOT_ACTIVE:
            turns.owe_answer(message, now=locked.now)
        send_many([*outgoing, *events.new_message(session, message, source=events.BOT)])
    return events.message_json(session, message), True
