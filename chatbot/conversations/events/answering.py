"""The event of an answer that the bot is writing."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import BOT, Outgoing
from chatbot.models import ChatSession
from realtime import groups
from realtime.events import Event


class MessageDelta(TypedDict):
    """`stream` is the `client_id` of the message to come; `index` counts its pieces from 1.

    The pieces in the order of their index are the beginning of the message, to the byte. Who lacks one asks for the
    session, whose `answering` has all up to some index.
    """

    session_name: str
    stream: str
    index: int
    text: str


def message_delta(session: ChatSession, *, stream: str, index: int, text: str) -> Outgoing:
    """Tell the session of a piece. It is not in the log: the message will be."""
    payload: MessageDelta = {"session_name": session.name, "stream": stream, "index": index, "text": text}
    return groups.session(session.name), Event("message_delta", dict(payload), BOT, durable=False)
