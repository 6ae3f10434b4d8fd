"""The bot that is built in: it answers from the knowledge base, and sends nothing to anybody."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace

from chatbot.bot.engine.hand_over import as_vip, as_wished
from chatbot.bot.engine.interface import Action, Context, Outcome, Question, Source, Text
from chatbot.bot.engine.wording import (
    ANGER_ALONE,
    DID_YOU_MEAN,
    FILES_ALONE,
    KNOWN_IN,
    TROUBLE,
    UNDERSTANDING,
    UNKNOWN,
    say,
    say_anew,
)
from chatbot.bot.understanding.anger import is_anger_alone, is_angry
from chatbot.bot.understanding.clauses import words_of
from chatbot.bot.understanding.phrases import NO_PHRASES, PHRASE_BOOK, Phrases
from chatbot.bot.understanding.question import excerpt, question_of
from chatbot.bot.understanding.smalltalk import answer_small_talk
from chatbot.knowledge.language import language_of
from chatbot.knowledge.search import ANSWER_ABOVE, NOTHING, SUGGEST_ABOVE, Candidate, Found, find
from chatbot.models import MAX_CONTENT_LENGTH, KnowledgeEntry
from realtime.database import in_database

MAX_SUGGESTIONS = 3

# What is in another language counts if it is so many times as probable as the best in the customer's own.
FOREIGN_FACTOR = 2


class EmbeddedEngine:
    """Answers at once and in one piece."""

    async def answer(self, question: Question) -> AsyncGenerator[Text | Outcome, None]:
        question = replace(question, text=excerpt(question.text))
        found = await find(question_of(question.text)) if question.text.strip() else NOTHING
        entries = await in_database(_entries, found)
        yield decide(question, found, entries, await PHRASE_BOOK.phrases())


def decide(
    question: Question, found: Found, entries: Mapping[str, KnowledgeEntry], phrases: Phrases = NO_PHRASES
) -> Outcome:
    """What to do about a message, by what was found for its question (`question_of`).

    `entries` are those of the candidates, by key.
    """
    text, context = question.text, question.context
    if not text.strip():
        return Outcome(Action.REFUSE, say(FILES_ALONE, context.language), offer_human=True)
    return as_wished(question, phrases) or as_vip(question, _reply(_Asked.of(question, phrases), found, entries))


def apologise(question: Question) -> Outcome:
    """The reply of a bot that has failed."""
    language = language_of(question.text, question.context.language)
    return Outcome(Action.REFUSE, say(TROUBLE, language), is_unsure=True, offer_human=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message as the bot understands it, without what was found for it."""

    text: str
    question: str
    language: str
    is_angry: bool
    context: Context

    @classmethod
    def of(cls, question: Question, phrases: Phrases) -> "_Asked":
        asked = question_of(question.text)
        language = language_of(asked, language_of(question.text, question.context.language))
        return cls(question.text, asked, language, is_angry(question.text, phrases.anger), question.context)

    @property
    def offers_human(self) -> bool:
        """With a reply that is unsure: the second one running, or to somebody who is angry."""
        return self.is_angry or self.context.was_unsure


def _reply(asked: _Asked, found: Found, entries: Mapping[str, KnowledgeEntry]) -> Outcome:
    candidates = _near(asked, [each for each in found.candidates if each.key in entries])
    if best := _sure(asked, candidates, is_full_text=found.is_full_text):
        return _answer(asked, entries[best.key], best.confidence)
    if (small_talk := answer_small_talk(asked.text)) and not asked.is_angry:
        return Outcome(Action.ANSWER, say(small_talk, asked.language))
    if asked.is_angry and is_anger_alone(asked.question):
        return Outcome(Action.ANSWER, say_anew(ANGER_ALONE, asked.context, asked.language), offer_human=True)
    confidence = candidates[0].confidence if candidates else None
    suggestions = _suggestions(asked, candidates)
    return Outcome(
        Action.SUGGEST if suggestions else Action.REFUSE,
        _understanding(asked, say_anew(DID_YOU_MEAN if suggestions else UNKNOWN, asked.context, asked.language)),
        suggestions=suggestions,
        confidence=confidence,
        offer_human=asked.offers_human,
        is_unsure=True,
    )


def _near(asked: _Asked, candidates: list[Candidate]) -> list[Candidate]:
    """Those in the customer's language first; of others only what is far more probable than any of them."""
    own = [each for each in candidates if each.language == asked.language]
    least = FOREIGN_FACTOR * own[0].confidence if own else 0.0
    return [*own, *(each for each in candidates if each.language != asked.language and each.confidence > least)]


def _sure(asked: _Asked, candidates: list[Candidate], *, is_full_text: bool) -> Candidate | None:
    """What is the answer, if there is one: a suggestion that was pressed always is.

    Two in one language cannot both be more probable than not: then the customer is asked; what was found by words has
    scores, not probabilities.
    """
    said = words_of(asked.text)
    if pressed := next((each for each in candidates if words_of(each.question) == said), None):
        return pressed
    own = [each for each in candidates if each.language == asked.language]
    if own and own[0].confidence > ANSWER_ABOVE:
        return _only(own, is_full_text=is_full_text)
    others = [each for each in candidates if each.language != asked.language]
    return _only(others, is_full_text=is_full_text)


def _only(candidates: list[Candidate], *, is_full_text: bool) -> Candidate | None:
    probable = [each for each in candidates if each.confidence > ANSWER_ABOVE]
    return probable[0] if len(probable) == 1 or (probable and is_full_text) else None


def _answer(asked: _Asked, entry: KnowledgeEntry, confidence: float) -> Outcome:
    """The entry's text to the letter, after a sentence if it is in another language, or the customer angry."""
    is_foreign = entry.language != asked.language and entry.language in KNOWN_IN
    text = f"{say(KNOWN_IN[entry.language], asked.language)}\n\n{entry.answer}" if is_foreign else entry.answer
    text = _understanding(asked, text)
    return Outcome(
        Action.ANSWER,
        text if len(text) <= MAX_CONTENT_LENGTH else entry.answer,
        sources=(Source(entry.question, entry.url),),
        confidence=confidence,
        offer_human=asked.is_angry or entry.key == asked.context.last_entry,
        entry=entry.key,
    )


def _understanding(asked: _Asked, text: str) -> str:
    """With a sentence before it that shows it, for who is angry."""
    if not asked.is_angry:
        return text
    return f"{say_anew(UNDERSTANDING, asked.context, asked.language)}\n\n{text}"


def _suggestions(asked: _Asked, candidates: list[Candidate]) -> tuple[str, ...]:
    """Known questions, each once; in another language only where nothing is known in the customer's own."""
    own = [each for each in candidates if each.language == asked.language]
    likely = [each.question for each in own or candidates if each.confidence > SUGGEST_ABOVE]
    by_words = {words_of(question): question for question in reversed(likely)}
    return tuple(reversed(by_words.values()))[:MAX_SUGGESTIONS]


def _entries(found: Found) -> dict[str, KnowledgeEntry]:
    """Those of the candidates, as they are now."""
    if not found.candidates:
        return {}
    return KnowledgeEntry.objects.filter(is_active=True).in_bulk(
        [each.key for each in found.candidates], field_name="key"
    )
