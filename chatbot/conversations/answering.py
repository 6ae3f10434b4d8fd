"""What the bot is writing at this moment, for pages that come while it does."""

from typing_extensions import TypedDict

from chatbot.models import BotTurn, ChatSession, Status

BOT_SENDER = "bot"


class AnsweringJson(TypedDict):
    """`stream` is the `client_id` of the message to come, `text` what was shown of it up to the piece `index`.

    0 is before the first. A page goes on with the `message_delta` after it; where one is missing, it asks again.
    """

    stream: str
    index: int
    text: str


def answering_json(session: ChatSession) -> AnsweringJson | None:
    """Of the oldest answer that the bot owes; None if it owes none, or is not to speak. One query."""
    if session.status != Status.BOT_ACTIVE:
        return None
    turn = BotTurn.objects.filter(message__session=session).order_by("id").first()
    if turn is None:
        return None
    return {"stream": stream_of(turn), "index": turn.shown_index, "text": turn.shown}


def stream_of(turn: BotTurn) -> str:
    """What the answer's message will be called: of an answer that was interrupted, the next attempt has a new name."""
    first = f"{BOT_SENDER}-{turn.message_id}"
    return f"{first}-{turn.fragments + 1}" if turn.fragments else first
