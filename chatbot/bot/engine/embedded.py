"""The bot that is built in: it answers from the knowledge base, and sends nothing to anybody."""

from collections.abc import AsyncGenerator, Mapping

from django.utils.translation import gettext, gettext_noop, override

from chatbot.bot.engine.interface import Action, Outcome, Question, Source, Text
from chatbot.bot.understanding.smalltalk import answer_small_talk
from chatbot.bot.understanding.wishes import asks_for_human
from chatbot.knowledge.language import language_of
from chatbot.knowledge.search import ANSWER_ABOVE, NOTHING, Found, find
from chatbot.models import KnowledgeEntry
from realtime.database import in_database

MAX_REASON_LENGTH = 200

# Translators: “human” is what the customer should type; in Chinese that is “转人工”.
UNSURE = gettext_noop(
    "I am sorry, I am not sure that I understand. Could you put it in other words? "
    "If you would rather talk to a person, say “human” and an agent will join."
)

# Translators: “human” as above.
FILES_ALONE = gettext_noop(
    "I cannot look into files. Please tell me in words what you need, or say “human” and an agent, "
    "who can open them, will join."
)


class EmbeddedEngine:
    """Answers at once and in one piece."""

    async def answer(self, question: Question) -> AsyncGenerator[Text | Outcome, None]:
        found = await find(question.text) if question.text.strip() else NOTHING
        yield decide(question, found, await in_database(_entries, found))


def decide(question: Question, found: Found, entries: Mapping[str, KnowledgeEntry]) -> Outcome:
    """What to do about a message, by what was found for it; `entries` are those of the candidates, by key."""
    text, language = question.text, question.context.language
    if not text.strip():
        return Outcome(Action.REFUSE, _say(FILES_ALONE, language), offer_human=True)
    if asks_for_human(text):
        return Outcome(Action.HAND_OVER, reason=text[:MAX_REASON_LENGTH])
    best = found.candidates[0] if found.candidates else None
    if best is not None and best.confidence > ANSWER_ABOVE and (entry := entries.get(best.key)):
        sources = (Source(entry.question, entry.url),)
        return Outcome(Action.ANSWER, entry.answer, sources, confidence=best.confidence, entry=entry.key)
    if small_talk := answer_small_talk(text):
        return Outcome(Action.ANSWER, _say(small_talk, language_of(text, language)))
    return apologise(question)


def _entries(found: Found) -> dict[str, KnowledgeEntry]:
    """Those of the candidates, as they are now."""
    if not found.candidates:
        return {}
    return KnowledgeEntry.objects.filter(is_active=True).in_bulk(
        [each.key for each in found.candidates], field_name="key"
    )


def apologise(question: Question) -> Outcome:
    """The reply of a bot that does not know."""
    language = language_of(question.text, question.context.language)
    return Outcome(Action.REFUSE, _say(UNSURE, language), is_unsure=True, offer_human=True)


def _say(phrase: str, language: str) -> str:
    with override(language):
        return gettext(phrase)
