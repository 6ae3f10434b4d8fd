"""What the knowledge base would answer, for an agent to take up or leave."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatbot.bot.understanding.question import question_of
from chatbot.bot.understanding.smalltalk import answer_small_talk
from chatbot.bot.understanding.wishes import asks_for_human
from chatbot.knowledge.language import language_of
from chatbot.knowledge.search import SUGGEST_ABOVE, Candidate, Found, find
from chatbot.models import KnowledgeEntry
from realtime.database import read_database

MAX_REPLIES = 3

# Of what a customer has written, its end: who writes more says what he wants last.
MAX_ASKED_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class SuggestedReply:
    """An entry of the knowledge base; `confidence` is 0 to 1: how probably it is the answer."""

    key: str
    question: str
    answer: str
    url: str
    language: str
    confidence: float


async def replies_to(texts: Sequence[str], language: str) -> tuple[SuggestedReply, ...]:
    """At most MAX_REPLIES likely answers to what a customer has written, oldest first; in his language before others.

    The last text counts alone and together with those before it: people write one question in several messages, and
    several questions in a row. Small talk and wishes for a human ask for nothing. `language` is that of texts that tell
    none.
    """
    asked = [question_of(text) for text in texts if text.strip() and not _asks_nothing(text)]
    if not asked:
        return ()
    together = "\n".join(asked)
    searched = dict.fromkeys(each[-MAX_ASKED_LENGTH:] for each in (asked[-1], together))
    found = await asyncio.gather(*(find(each) for each in searched))
    likely = _likely(found, language_of(asked[-1], language))
    return await read_database(_read, likely) if likely else ()


def _asks_nothing(text: str) -> bool:
    return asks_for_human(text) or answer_small_talk(text) is not None


def _likely(found: Iterable[Found], language: str) -> list[Candidate]:
    """Each entry once, as sure as it was found at best."""
    best: dict[str, Candidate] = {}
    for each in (candidate for one in found for candidate in one.candidates):
        if each.confidence > SUGGEST_ABOVE and (each.key not in best or each.confidence > best[each.key].confidence):
            best[each.key] = each
    return sorted(best.values(), key=lambda each: (each.language != language, -each.confidence))


def _read(candidates: Sequence[Candidate]) -> tuple[SuggestedReply, ...]:
    """As they are now: one that was deleted meanwhile is none."""
    keys = [each.key for each in candidates]
    entries = KnowledgeEntry.objects.filter(is_active=True).in_bulk(keys, field_name="key")
    known = [(each, entries[each.key]) for each in candidates if each.key in entries]
    return tuple(
        SuggestedReply(each.key, entry.question, entry.answer, entry.url, entry.language, round(each.confidence, 3))
        for each, entry in known[:MAX_REPLIES]
    )
