"""Customers write at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.conversations import events
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.typing_pace import TypingPace
from chatbot.customers.access import find_own
from chatbot.models import Role
from realtime.api import send_many

_pace = TypingPace()


@dataclass(frozen=True, slots=True)
class Sign:
    """Who shows this writes in the session of this name, or has stopped."""

    session_name: str
    credentials: Credentials
    active: bool


def tell_typing(signs: Sequence[Sign]) -> list[bool]:
    """Tell the agents of these sessions that their customers write, or have stopped; too much of it is swallowed.

    Returns of each sign whether the session is its customer's; nothing is told of those that are not. One query for
    all, no lock; nothing is kept.
    """
    found = find_own([(sign.session_name, sign.credentials) for sign in signs])
    outgoing: list[events.Outgoing] = []
    for sign, session in zip(signs, found, strict=True):
        if session is not None and _pace.is_due(session.name, active=sign.active):
            outgoing += events.typing(
                session.name, session.agent_id, role=Role.CUSTOMER, active=sign.active, source=events.BOT
            )
            _pace.note(session.name, active=sign.active)
    if outgoing:
        send_many(outgoing)
    return [session is not None for session in found]
