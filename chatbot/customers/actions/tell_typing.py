"""A customer writes at this moment."""

from chatbot.conversations import events
from chatbot.conversations.typing_pace import TypingPace
from chatbot.models import ChatSession, Role
from realtime.api import send_many

_pace = TypingPace()


def tell_typing(session: ChatSession, *, active: bool) -> None:
    """Tell the agent that the customer of the session writes, or has stopped; too much of it is swallowed.

    No statement, no lock; nothing is kept.
    """
    if _pace.is_due(session.name, active=active):
        send_many(events.typing(session, role=Role.CUSTOMER, active=active, source=events.BOT))
        _pace.note(session.name, active=active)
