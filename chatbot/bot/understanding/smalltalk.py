"""Greetings, thanks, goodbyes and "are you a robot?": what no table of answers should have to hold."""

import re
import unicodedata

from chatbot.bot.understanding.clauses import clauses_of
from chatbot.bot.understanding.smalltalk_phrases import AGREED, EMOJI, ORDER, PATTERNS
from chatbot.bot.understanding.wishes import refuses_human

_HELLO = re.compile(r"^(?:(?:hi|hello|hey)(?: there)? |你好 ?|您好 ?|请问 ?)")
# Letters. Longer clauses are no small talk.
_MAX_CLAUSE = 60


def answer_small_talk(text: str) -> str | None:
    """The English source of the reply if the whole message is small talk."""
    replies = [reply_to(clause.plain) for clause in clauses_of(text)]
    if not replies:
        return EMOJI if _is_emoji(text) else None
    if not all(replies):
        return None
    return min(filter(None, replies), key=ORDER.index)


def reply_to(plain: str) -> str | None:
    """The English source of the reply to a clause, None if it is no small talk. "No human, please" is."""
    if len(plain) > _MAX_CLAUSE:
        return None
    # "hi how are you" is one clause of two.
    rest = _HELLO.sub("", plain, count=1)
    return _find(plain) or (_find(rest) if rest else None) or (AGREED if refuses_human(plain) else None)


def _find(plain: str) -> str | None:
    return next((reply for pattern, reply in PATTERNS if pattern.fullmatch(plain)), None)


def _is_emoji(text: str) -> bool:
    """Of a text without letters and figures: it has signs beyond those of writing."""
    return any(unicodedata.category(letter) == "So" for letter in text)
