"""What of the knowledge base fits a question, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from chatbot.knowledge.full_text import rank
from chatbot.knowledge.retrieval.process import answerer
from chatbot.models import KnowledgeEntry
from realtime.database import in_database

# Of a confidence: above the first the answer is given outright, above the second the question is suggested.
ANSWER_ABOVE = 0.5
SUGGEST_ABOVE = 0.15

MAX_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may be the answer; `confidence` is 0 to 1: how probably it is."""

    key: str
    question: str
    language: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Found:
    """At most MAX_CANDIDATES, best first. `is_full_text`: by words alone, since no encoder was there."""

    candidates: tuple[Candidate, ...]
    is_full_text: bool = False


NOTHING = Found(())


async def find(text: str) -> Found:
    """Ask the knowledge base by meaning; by words alone where BOT_ENCODER is off, and where no answer comes in time."""
    if settings.BOT_ENCODER and (by_meaning := await answerer().find(text)) is not None:
        return Found(tuple(Candidate(*each) for each in by_meaning))
    entries = await in_database(lambda: list(KnowledgeEntry.objects.filter(is_active=True)))
    return find_by_words(text, entries)


def find_by_words(text: str, entries: Sequence[KnowledgeEntry]) -> Found:
    """Those of these entries that have words in common with the text."""
    ranked = rank(text, entries)[:MAX_CANDIDATES]
    candidates = [Candidate(each.key, each.question, each.language, min(score, 1.0)) for score, each in ranked]
    return Found(tuple(candidates), is_full_text=True)
