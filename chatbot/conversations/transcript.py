"""The only writer of messages, by one INSERT … ON CONFLICT that also finds the repeats.

With the plain ORM, here and everywhere, a whole POST takes 2.1 to 2.8 times the processor time, as measured on a trial
of it. Private of Django: nothing, but the statements name its tables and columns.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext, override

from chatbot.conversations.attachments import FILE_MARK, claim, read_files
from chatbot.conversations.bot_reply import BotReply
from chatbot.models import PREVIEW_LENGTH, SYSTEM_SENDER, ChatSession, Message, Role, Status
from chatbot.models.prepared_queries import PreparedRows

CUSTOMER = "customer"
BOT = "bot"

# What a notice tells of: a customer asked for an agent, or stopped waiting; an agent took the conversation, gave it to
# the bot, put it back into the queue, was deactivated, closed it; the customer ended it. An agent accepted it from
# another one, did not answer in time, had no page open. He asked while nobody was available, while the team was closed.
# He has fallen silent: he is reminded, and the conversation is closed.
Notice = Literal[
    "asked",
    "asked_absent",
    "asked_closed",
    "gave_up",
    "taken",
    "released",
    "requeued",
    "stranded",
    "closed",
    "ended",
    "transferred",
    "silent",
    "vanished",
    "reminded",
    "quiet",
]

# What lists of sessions show as the last message: what people said.
PEOPLE = (Role.CUSTOMER, Role.AGENT)

# By hand, since every message runs these two; the ORM takes longer to write them than the database to do them.
INSERT_ONCE = (
    "INSERT INTO chatbot_message (session_id, role, content, agent_id, sender, client_id, created_at, reply) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (session_id, sender, client_id) DO NOTHING RETURNING id"
)
NOTE_LATEST = (
    "UPDATE chatbot_chatsession SET last_message = %s, last_activity_at = %s, unanswered_since = %s, "
    "quiet_since = %s, reminded_at = %s WHERE id = %s"
)


class Repeated(Exception):
    """This sender has written under this client_id before; `first` is what they wrote then."""

    def __init__(self, first: Message) -> None:
        self.first = first
        super().__init__(first.pk)


def agent_sender(agent: User) -> str:
    """The sender of an agent's messages: repeats are recognised per sender."""
    return f"agent:{agent.username}"


def write(
    session: ChatSession,
    *,
    role: Role,
    sender: str,
    content: str,
    client_id: str,
    now: datetime,
    agent: User | None = None,
    attachments: Sequence[str] = (),
    reply: BotReply | None = None,
) -> Message:
    """Write a message and note it as the session's latest. Raises Repeated, with nothing written.

    `reply` goes with a message of the bot.
    `attachments`: ids of files of this session and role that no message has; AttachmentNotFound if one is not.
    The session must be locked (lock_session).
    """
    message = Message(
        session=session,
        role=role,
        sender=sender,
        content=content,
        client_id=client_id,
        agent=agent,
        created_at=now,
        reply=reply,
    )
    message.pk = _insert_once(message)
    if message.pk is None:
        raise Repeated(_find(session, sender=sender, client_id=client_id))
    if attachments:
        message.files = claim(message, attachments, now=now)
    session.last_activity_at = now
    if role in PEOPLE:
        session.last_message = preview(message)
    session.unanswered_since = _unanswered_since(session, role, now)
    if role in PEOPLE:
        session.quiet_since, session.reminded_at = _quiet_since(session, role, now), None
    _note_latest(session)
    return message


def preview(message: Message) -> str:
    """What lists show of a message: its words, and the names of its files."""
    files = ", ".join(each.name for each in message.files)
    return " ".join([*message.content.split(), *([FILE_MARK, files] if files else [])])[:PREVIEW_LENGTH]


def notice_sender(notice: Notice | None) -> str:
    """The sender of a notice, which says what it tells of (Message.notice)."""
    return f"{SYSTEM_SENDER}:{notice}" if notice else SYSTEM_SENDER


def write_notice(
    session: ChatSession,
    text: str,
    *,
    now: datetime,
    notice: Notice | None = None,
    by: User | None = None,
    **values: str,
) -> Message:
    """Write a system message in the session's language about the change to its present version.

    `text` is the English source of a translation, marked with gettext_noop where it stands; `values` fill it. It is
    for readers who do not know `notice`; the pages make a sentence of their own of `notice` and of `by`, who did it.
    """
    with override(session.language):
        content = gettext(text).format(**values)
    return write(
        session,
        role=Role.SYSTEM,
        sender=notice_sender(notice),
        content=content,
        client_id=f"version-{session.version}",
        now=now,
        agent=by,
    )


def write_aside(
    session: ChatSession, text: str, *, occasion: str, now: datetime, notice: Notice | None = None
) -> Message:
    """Write a system message as write_notice does, but not about a change of the session: once for each `occasion`.

    A second time raises Repeated.
    """
    with override(session.language):
        content = gettext(text)
    sender = notice_sender(notice)
    return write(session, role=Role.SYSTEM, sender=sender, content=content, client_id=occasion, now=now)


def last_words(session: ChatSession, *, before: int | None = None) -> str:
    """What the customer said last (before the message `before`, if he said something before that); one query."""
    newest = _said(session, before)
    earlier = [content for pk, content in newest if pk != before]
    words = [*earlier, *(content for _, content in newest), ""]
    return " ".join(words[0].split())[:PREVIEW_LENGTH]


def _said(session: ChatSession, before: int | None) -> list[tuple[Any, ...]]:
    """The ids and texts of the customer's last two messages, newest first; of those up to `before`."""
    if before is None:
        return _last_words.all(session.pk)
    return list(_words(session.pk).filter(id__lte=before)[:2])


def _words(session: int) -> QuerySet[Message, tuple[Any, ...]]:
    spoken = Message.objects.filter(session=session, role=Role.CUSTOMER).exclude(content="")
    return spoken.order_by("-id").values_list("id", "content")


_last_words = PreparedRows(lambda session: _words(session)[:2], sample=-1)


def _unanswered_since(session: ChatSession, role: Role, now: datetime) -> datetime | None:
    """An agent's message answers; a customer's asks, where an agent is to answer it."""
    if role == Role.AGENT:
        return None
    if role == Role.CUSTOMER and session.status in (Status.PENDING_MANUAL, Status.MANUAL_LIVE):
        return session.unanswered_since or now
    return session.unanswered_since


def _quiet_since(session: ChatSession, role: Role, now: datetime) -> datetime | None:
    """An agent's message is the customer's to answer, unless the session rests."""
    is_asked = role == Role.AGENT and session.status == Status.MANUAL_LIVE and session.held_since is None
    return now if is_asked else None


def _insert_once(message: Message) -> int | None:
    """Insert the message and return its id, or None if its sender has used its client_id in this session."""
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_ONCE,
            [
                message.session_id,
                str(message.role),
                message.content,
                message.agent_id,
                message.sender,
                message.client_id,
                connection.ops.adapt_datetimefield_value(message.created_at),
                connection.ops.adapt_json_value(message.reply, None) if message.reply else None,
            ],
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _note_latest(session: ChatSession) -> None:
    moments = [
        connection.ops.adapt_datetimefield_value(moment)
        for moment in (session.last_activity_at, session.unanswered_since, session.quiet_since, session.reminded_at)
    ]
    with connection.cursor() as cursor:
        cursor.execute(NOTE_LATEST, [session.last_message, *moments, session.pk])


def _find(session: ChatSession, *, sender: str, client_id: str) -> Message:
    """With its files."""
    first = Message.objects.select_related("agent").get(session=session, sender=sender, client_id=client_id)
    read_files([first])
    return first
