"""What an agent reads first of a conversation that comes from the bot: what it was asked last, and what it answered."""

from collections.abc import Iterable
from itertools import dropwhile, takewhile

from django.db.models import QuerySet
from django.utils.translation import override

from chatbot.conversations.history import latest
from chatbot.models import By, ChatSession, Message, Role, Status, What
from chatbot.models.prepared_queries import PreparedQuery

MAX_LENGTH = 800
MAX_LINE_LENGTH = 200
MAX_LINES = 20

# What was said before one of these an agent has read, or is of an earlier conversation.
_BEGINNINGS = (What.RELEASED, What.REOPENED)
_IN_TALK_WITH_BOT = (Role.CUSTOMER, Role.BOT)
_SPEAKERS = {Role.CUSTOMER: By.CUSTOMER, Role.BOT: By.BOT, Role.AGENT: By.AGENT}


def sum_up(session: ChatSession, *, before: int | None = None) -> str:
    """The last turns with the bot, oldest first, a line each in the session's language; "" if it has answered nothing.

    At most MAX_LENGTH characters; the message with the id `before` and what follows are not in it. One query, two for
    a session that is not new.
    """
    if session.status == Status.CLOSED:
        return ""
    with override(session.language):
        return last_turns(_spoken(session, before))


def last_turns(messages: Iterable[Message]) -> str:
    """As many of the last of these messages as there is room for, oldest first, a line each, in the active language."""
    return "\n".join(_newest([_line(message) for message in messages]))


def _spoken(session: ChatSession, before: int | None) -> list[Message]:
    """Oldest first, from the first question on."""
    since = latest(session, *_BEGINNINGS)
    if before is None and since is None:
        newest_first = _newest_messages.all(session.pk)
    else:
        rows = _in_talk_with_bot(session.pk)
        rows = rows if before is None else rows.filter(id__lt=before)
        rows = rows if since is None else rows.filter(created_at__gte=since)
        newest_first = list(rows[:MAX_LINES])
    spoken = list(dropwhile(lambda each: each.role == Role.BOT, reversed(newest_first)))
    return spoken if any(each.role == Role.BOT for each in spoken) else []


def _in_talk_with_bot(session: int) -> QuerySet[Message]:
    """Newest first."""
    rows = Message.objects.filter(session=session, role__in=_IN_TALK_WITH_BOT).exclude(content="")
    return rows.order_by("-id").only("role", "content")


_newest_messages = PreparedQuery(lambda session: _in_talk_with_bot(session)[:MAX_LINES], sample=-1)


def _line(message: Message) -> str:
    words = " ".join(message.content.split())
    text = words if len(words) <= MAX_LINE_LENGTH else f"{words[: MAX_LINE_LENGTH - 1]}…"
    return f"{_SPEAKERS[Role(message.role)].label}: {text}"


def _newest(lines: list[str]) -> list[str]:
    """As many of the last lines as there is room for."""
    used = 0

    def has_room(line: str) -> bool:
        nonlocal used
        used += len(line) + 1
        return used - 1 <= MAX_LENGTH

    return list(takewhile(has_room, reversed(lines)))[::-1]
