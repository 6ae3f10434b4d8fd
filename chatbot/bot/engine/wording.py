"""The words of the built-in bot, in the language of the question; what it says again it says in other words."""

from collections.abc import Sequence

from django.utils.translation import gettext, gettext_noop, override

from chatbot.bot.engine.interface import Context
from chatbot.knowledge.language import CHINESE, ENGLISH

FILES_ALONE = gettext_noop(
    "I cannot look into files. Please tell me in words what you need, or talk to an agent, who can open them."
)

TROUBLE = gettext_noop("I am sorry, something went wrong on my side. Please ask me again, or talk to an agent.")

AGENT_AFTER_ALL = gettext_noop("An agent can help you with this, if you would like to wait for one after all.")

UNKNOWN = (
    gettext_noop("I am sorry, that is not something I know about. Could you put it in other words?"),
    gettext_noop("I have no answer to that either, I am afraid. An agent may: you can talk to one at any time."),
    gettext_noop("That is beyond what I know, too. Shall an agent take over?"),
)

DID_YOU_MEAN = (
    gettext_noop("I am not quite sure what you mean. Did you mean one of these?"),
    gettext_noop("Perhaps it is one of these? If not, please put it in other words."),
    gettext_noop("The nearest that I know:"),
)

# Before an answer, a suggestion or an apology.
UNDERSTANDING = (
    gettext_noop("I understand that this is annoying, and I am sorry."),
    gettext_noop("I am sorry for all this trouble."),
)

# Where nothing is asked.
ANGER_ALONE = (
    gettext_noop(
        "I understand that this is annoying, and I am sorry. Tell me what it is about, or let an agent look into it."
    ),
    gettext_noop("I am sorry for all this trouble. An agent can look into it with you."),
)

KNOWN_IN = {
    ENGLISH: gettext_noop("I know this in English only:"),
    CHINESE: gettext_noop("I know this in Chinese only:"),
}

VIP_REASON = gettext_noop("VIP; the assistant was not sure: {question}")


def say(phrase: str, language: str) -> str:
    with override(language):
        return gettext(phrase)


def say_anew(phrases: Sequence[str], context: Context, language: str) -> str:
    """The one of these that the bot has said least recently."""
    said = [line.text for line in context.lines if line.role == "bot"]
    candidates = [say(phrase, language) for phrase in phrases]
    return min(candidates, key=lambda words: _last_said(words, said))


def _last_said(words: str, said: Sequence[str]) -> int:
    """The place of the last of these texts that has them, -1 if none has."""
    return max((place for place, text in enumerate(said) if words in text), default=-1)
