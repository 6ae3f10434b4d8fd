"""What a bot is told of a conversation: what was said since it last came to the bot."""

from datetime import datetime
from itertools import takewhile

from django.db.models import Q

from chatbot.bot.engine.interface import Context, Line
from chatbot.bot.hand_over_token import hand_over_token
from chatbot.conversations.bot_reply import BotReply
from chatbot.conversations.history import latest
from chatbot.conversations.queue_rules import Asker
from chatbot.models import ChatSession, HistoryEntry, Message, Role, What

MAX_LINES = 30

# A wish for a human that was spoken before one of these has been fulfilled, or taken back.
BEGINNINGS = (What.RELEASED, What.REOPENED, What.GAVE_UP)

# With these an agent has the session.
TAKINGS = (What.TAKEN, What.ACCEPTED)
MAX_TAKINGS = 20


def context_of(session: ChatSession, *, before: int, written_at: datetime | None = None, thread: str = "") -> Context:
    """Of the message with the id `before`; what happened to the session after `written_at` does not count.

    After a release it begins with what agents said before. Messages of the same moment as the beginning belong to it.
    Two queries; one more for a session that was with people, and of an address.
    """
    arrivals = _arrivals(session, written_at)
    since = _begins(arrivals)
    # The answers to what was asked before may come after the message itself.
    rows = Message.objects.filter(Q(id__lt=before) | Q(role=Role.BOT), session=session).exclude(role=Role.SYSTEM)
    newest = rows.select_related("agent").order_by("-id")[:MAX_LINES]
    spoken = list(takewhile(lambda message: since is None or message.created_at >= since, newest))
    last: BotReply = next((each.reply or BotReply() for each in spoken if each.role == Role.BOT), BotReply())
    return Context(
        session_name=session.name,
        language=session.language,
        lines=tuple(_line(message) for message in reversed(spoken) if message.content),
        was_unsure=last.get("is_unsure", False),
        last_entry=last.get("entry", ""),
        had_trouble=last.get("had_trouble", False),
        thread=thread,
        is_vip=Asker(session, ()).is_vip,
        hand_over_token=hand_over_token(session.name, arrivals[0][1] if arrivals else None),
    )


def came_to_bot(session: ChatSession) -> datetime | None:
    """When people last gave the session to the bot, or it was reopened; None if it has always been the bot's."""
    return latest(session, *BEGINNINGS)


def _arrivals(session: ChatSession, until: datetime | None) -> list[tuple[str, datetime]]:
    """When the session came to the bot, or to an agent, the latest first: that to the bot, which has it."""
    if session.version == 1:
        return []
    lines = HistoryEntry.objects.filter(session=session, what__in=BEGINNINGS + TAKINGS)
    if until is not None:
        lines = lines.filter(at__lte=until)
    return list(lines.order_by("-id").values_list("what", "at")[:MAX_TAKINGS])


def _begins(arrivals: list[tuple[str, datetime]]) -> datetime | None:
    """When the session last came to the bot or, if people gave it, when they had taken it; None: at its beginning."""
    begun: datetime | None = None
    for what, at in arrivals:
        if what in BEGINNINGS and begun is not None:
            break
        begun = at
        if what in BEGINNINGS and what != What.RELEASED:
            break
    return begun


def _line(message: Message) -> Line:
    if message.role == Role.AGENT:
        name = message.agent.get_full_name() or message.agent.username if message.agent else ""
        return Line("agent", message.content, name)
    return Line("bot" if message.role == Role.BOT else "customer", message.content)
