"""What of the knowledge base fits a question, and how sure that is."""

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from chatbot.knowledge.entries import phrasings
from chatbot.knowledge.full_text import WordIndex
from chatbot.knowledge.mirror import Known
from chatbot.knowledge.retrieval.process import answerer
from chatbot.models import KnowledgeEntry
from realtime.database import read_database

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
        return _found(by_meaning)
    return await read_database(_find_by_words, text) or NOTHING


async def prepare() -> None:
    """Have ready what finds, so that the first customer does not wait for it."""
    await find("hello")


def find_at_leisure(text: str) -> Found:
    """The same for a command, which can wait until the encoder is there."""
    if settings.BOT_ENCODER and (by_meaning := answerer().find_at_leisure(text)) is not None:
        return _found(by_meaning)
    while (found := _find_by_words(text)) is None:
        time.sleep(0.05)
    return found


def find_by_words(text: str, entries: Sequence[KnowledgeEntry]) -> Found:
    """Those of these entries that have words in common with the text."""
    return _rank(WordIndex(Known(each.key, each.language, tuple(phrasings(each))) for each in entries), text)


@functools.cache
def word_index() -> WordIndex:
    """That of this process; filled when it is first needed."""
    return WordIndex()


def _find_by_words(text: str) -> Found | None:
    """None while the words of a large change are taken up."""
    index = word_index()
    return _rank(index, text) if index.refresh() else None


def _rank(index: WordIndex, text: str) -> Found:
    ranked = index.rank(text)[:MAX_CANDIDATES]
    candidates = [Candidate(each.key, each.question, each.language, min(score, 1.0)) for score, each in ranked]
    return Found(tuple(candidates), is_full_text=True)


def _found(by_meaning: Sequence[tuple[str, str, str, float]]) -> Found:
    return Found(tuple(Candidate(*each) for each in by_meaning))
