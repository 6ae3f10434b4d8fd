"""What happened to a conversation, as agents read it."""

from typing import Literal, cast

from typing_extensions import TypedDict

from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.events import iso
from chatbot.conversations.reasons import history_sentence
from chatbot.models import By, ChatSession, HistoryEntry

# Of a longer history the oldest lines are left out.
MAX_LINES = 500


class HistoryLine(TypedDict):
    """`who` is null for an agent whose account was deleted; `why` is a sentence in the reader's language, or empty."""

    at: str
    who: AgentJson | Literal["customer", "bot", "system"] | None
    what: str
    why: str


def history_of(session: ChatSession) -> list[HistoryLine]:
    """The session's lines, oldest first; one query."""
    newest = HistoryEntry.objects.filter(session=session).select_related("agent").order_by("-id")[:MAX_LINES]
    return [
        {
            "at": iso(entry.at),
            "who": _who(entry),
            "what": entry.what,
            "why": history_sentence(entry.what, entry.why),
        }
        for entry in reversed(newest)
    ]


def _who(entry: HistoryEntry) -> AgentJson | Literal["customer", "bot", "system"] | None:
    if entry.by == By.AGENT:
        return agent_json(entry.agent)
    return cast(Literal["customer", "bot", "system"], entry.by)
