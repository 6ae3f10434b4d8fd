"""Decide what the bot does about a message."""

from collections.abc import Sequence

from django.utils.translation import gettext, gettext_noop, override

from chatbot.bot.engine.decision import Decision, Escalate, KnownAnswer, Reply
from chatbot.bot.engine.language import ENGLISH, language_of
from chatbot.bot.engine.matching import best_answer
from chatbot.bot.engine.smalltalk import answer_small_talk
from chatbot.bot.engine.wishes import asks_for_human

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


def decide(text: str, answers: Sequence[KnownAnswer], *, default_language: str = ENGLISH) -> Decision:
    """Hand over if the customer asks for a human, else reply in the language of the message.

    `default_language` is for a message without words: one of files alone.
    """
    if not text.strip():
        return Reply(_say(FILES_ALONE, default_language), offer_human=True)
    if asks_for_human(text):
        return Escalate(reason=text[:MAX_REASON_LENGTH])
    language = language_of(text, default_language)
    if small_talk := answer_small_talk(text):
        return Reply(_say(small_talk, language))
    if known := best_answer(text, language, answers):
        return Reply(known.answer)
    return apologise(text, default_language=default_language)


def apologise(text: str, *, default_language: str = ENGLISH) -> Reply:
    """The reply of a bot that does not know."""
    return Reply(_say(UNSURE, language_of(text, default_language)), offer_human=True)


def _say(phrase: str, language: str) -> str:
    with override(language):
        return gettext(phrase)
