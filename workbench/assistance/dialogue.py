"""What was said in a conversation, as far as what helps its agent reads it."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Literal

from chatbot.bot.engine.interface import Line
from chatbot.conversations.agents import display_name
from chatbot.conversations.errors import MessageNotFound
from chatbot.models import ChatSession, Message, Role
from chatbot.web.schemas import MAX_ID

MAX_UNANSWERED = 3
MAX_LINES = 60

_ROLES: dict[Role, Literal["customer", "bot", "agent"]] = {
    Role.CUSTOMER: "customer",
    Role.BOT: "bot",
    Role.AGENT: "agent",
}


def unanswered_texts(session: ChatSession) -> list[str]:
    """The customer's last messages since an agent has answered, oldest first; at most MAX_UNANSWERED. One query."""
    rows = Message.objects.filter(session=session, role__in=(Role.CUSTOMER, Role.AGENT))
    newest = rows.exclude(role=Role.CUSTOMER, content="").order_by("-id").values_list("role", "content")
    unanswered = takewhile(lambda row: row[0] == Role.CUSTOMER, newest[:MAX_UNANSWERED])
    return [content for _, content in unanswered][::-1]


def spoken(session: ChatSession) -> list[Message]:
    """The last MAX_LINES messages with words of people and the bot, oldest first, with their agents. One query."""
    rows = Message.objects.filter(session=session, role__in=_ROLES).exclude(content="")
    return list(rows.select_related("agent").order_by("-id")[:MAX_LINES])[::-1]


def lines_of(messages: Sequence[Message]) -> tuple[Line, ...]:
    """As a language model reads them."""
    return tuple(Line(_ROLES[Role(each.role)], each.content, _name_of(each)) for each in messages)


def find_message(session: ChatSession, message_id: str) -> Message:
    """A message of the session that has words; one query. Raises MessageNotFound."""
    if message_id.isascii() and message_id.isdecimal() and int(message_id) <= MAX_ID:
        found = Message.objects.filter(session=session, pk=int(message_id), role__in=_ROLES).exclude(content="").first()
        if found is not None:
            return found
    raise MessageNotFound


def _name_of(message: Message) -> str:
    return display_name(message.agent) if message.agent else ""
