"""Greetings, thanks, goodbyes and "are you a robot?": what no table of answers should have to hold."""

import re
import unicodedata

from chatbot.bot.understanding.smalltalk_phrases import EMOJI, ORDER, PATTERNS
from chatbot.knowledge.language import normalise

_CLAUSE = re.compile(r"[^.,;:!?\n。，；：！？、~…\"“”「」()（）]+")
# A greeting or thanks that runs into the question without a comma.
_RUNS_IN = re.compile(
    r"(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you)(?: there)? "
    r"(?=(?:i|i'm|where|how|what|what's|when|can|could|do|does|did|is|are|my|why|who|which|please|would|may|you|we|need)\b)"
    r"|(?:你好|您好|请问|麻烦问一?下)(?=.{2})",
    re.IGNORECASE,
)
_NO_LETTER = re.compile(r"[^\w ']|_")
# Letters. Longer clauses are no small talk.
_MAX_CLAUSE = 60


def answer_small_talk(text: str) -> str | None:
    """The English source of the reply if the whole message is small talk."""
    replies = [_reply_to(each[0]) for each in _clauses(text)]
    if not replies:
        return EMOJI if _is_emoji(text) else None
    if not all(replies):
        return None
    return min(filter(None, replies), key=ORDER.index)


def question_of(text: str) -> str:
    """The message without the small talk before and after its question; the whole of one that is nothing else."""
    asking = [each for each in _clauses(text) if not _reply_to(each[0])]
    if not asking:
        return text
    # With the mark that ends the last clause.
    last = asking[-1].end()
    question = text[asking[0].start() : last + 1].strip()
    return _RUNS_IN.sub("", question, count=1) if _RUNS_IN.match(question) else question


def _clauses(text: str) -> list[re.Match[str]]:
    return [each for each in _CLAUSE.finditer(text) if _plain(each[0])]


def _plain(clause: str) -> str:
    return " ".join(_NO_LETTER.sub(" ", normalise(clause)).split())


def _reply_to(clause: str) -> str | None:
    plain = _plain(clause)
    if len(plain) > _MAX_CLAUSE:
        return None
    return next((reply for pattern, reply in PATTERNS if pattern.fullmatch(plain)), None)


def _is_emoji(text: str) -> bool:
    """Of a text without letters and figures: it has signs beyond those of writing."""
    return any(unicodedata.category(letter) == "So" for letter in text)
