"""A conversation as a text, for people to keep."""

from collections.abc import Iterator
from datetime import tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import override

from chatbot.conversations.agents import display_name
from chatbot.conversations.attachments import FILE_MARK, read_files
from chatbot.models import ChatSession, Message, Role

MAX_MESSAGES = 2_000  # the latest; at 4,000 characters each some 30 MB in memory


def written_out(session: ChatSession, zone: tzinfo) -> str:
    """The latest 2,000 messages with who wrote them and when, in the session's language and this time zone."""
    rows = Message.objects.filter(session=session).select_related("agent").order_by("-id")
    found = list(rows[: MAX_MESSAGES + 1])
    read_files(found[:MAX_MESSAGES])
    with override(session.language):
        lines = [*_heading(session, zone, is_whole=len(found) <= MAX_MESSAGES)]
        lines += [_line(message, zone) for message in reversed(found[:MAX_MESSAGES])]
    return "\n\n".join(lines) + "\n"


def _heading(session: ChatSession, zone: tzinfo, *, is_whole: bool) -> Iterator[str]:
    begun = session.created_at.astimezone(zone)
    yield _("Conversation of {day}. Times are of {zone}.").format(day=f"{begun:%Y-%m-%d}", zone=zone)
    if not is_whole:
        yield _("Only the last {count} messages are here.").format(count=MAX_MESSAGES)


def _line(message: Message, zone: tzinfo) -> str:
    at = message.created_at.astimezone(zone)
    return f"[{at:%Y-%m-%d %H:%M}] {_writer(message)}: {_words(message)}"


def _words(message: Message) -> str:
    """What was written, and the names of its files."""
    files = [f"{FILE_MARK} {each.name}" for each in message.files]
    return "\n".join([message.content, *files] if message.content else files)


def _writer(message: Message) -> str:
    if message.agent is not None and message.role == Role.AGENT:
        return display_name(message.agent)
    names = {Role.CUSTOMER: _("You"), Role.BOT: _("Assistant"), Role.SYSTEM: _("Notice")}
    return names.get(Role(message.role), _("Agent"))
