"""Phrases that supervisors have written: what they mean is known beside what the patterns know."""

import math
import re
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chatbot.bot.understanding.clauses import is_negated
from chatbot.knowledge.language import normalise
from chatbot.models import Phrase, PhraseKind
from realtime.database import in_database

KEPT_SECONDS = 3

_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Phrases:
    """Normalised, without what stands around their words."""

    human: tuple[str, ...] = ()
    anger: tuple[str, ...] = ()


NO_PHRASES = Phrases()


class PhraseBook:
    """What a process has read of them. Who changes a phrase waits KEPT_SECONDS until every process knows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phrases = NO_PHRASES
        self._good_until = -math.inf

    async def phrases(self) -> Phrases:
        """One query, none while what was read is fresh."""
        now = self._clock()
        if now >= self._good_until:
            self._phrases = await in_database(_read)
            self._good_until = now + KEPT_SECONDS
        return self._phrases


PHRASE_BOOK = PhraseBook()


def says_one_of(phrases: Iterable[str], plain: str) -> bool:
    """Whether a normalised text says one of them and does not refuse it."""
    return any(_is_said(phrase, plain) for phrase in phrases)


def _is_said(phrase: str, plain: str) -> bool:
    start = 0
    while (at := plain.find(phrase, start)) >= 0:
        end = at + len(phrase)
        if _is_whole(plain, at, end) and not is_negated(plain[:at]):
            return True
        start = end
    return False


def _is_whole(plain: str, at: int, end: int) -> bool:
    """Not a part of a longer word, where the script writes words apart."""
    return not ((at and _in_one_word(plain[at - 1 : at + 1])) or _in_one_word(plain[end - 1 : end + 1]))


def _in_one_word(two: str) -> bool:
    return len(two) == 2 and all(_WORD.match(each) and unicodedata.east_asian_width(each) not in "WF" for each in two)


def _read() -> Phrases:
    rows = [(kind, normalise(text).strip(" .,;:!?。，；：！？、\"'“”")) for kind, text in _rows()]
    return Phrases(
        tuple(text for kind, text in rows if text and kind == PhraseKind.HUMAN),
        tuple(text for kind, text in rows if text and kind == PhraseKind.ANGER),
    )


def _rows() -> Iterable[tuple[str, str]]:
    return Phrase.objects.order_by("id").values_list("kind", "text")
