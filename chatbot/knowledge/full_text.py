"""Which entries have words in common with a question: the fallback where no encoder is."""

import math
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Set
from functools import lru_cache
from heapq import nlargest

from chatbot.knowledge.language import CHINESE, han_bigrams, language_of, latin_words, normalise
from chatbot.knowledge.mirror import Known, Mirror

# Of the likeness of two texts, what counts that the known question was said, and what that nothing else was. Tuned on
# chatbot/tests/everyday/: the more the first counts, the more is answered, and the more of it wrong.
SAID, NOTHING_ELSE = 0.3, 0.7
KEPT_TEXTS = 10_000
TAKEN_AT_ONCE = 500  # entries: 0.1 s
MAX_VISITED = 20_000
MAX_SCORED = 60

# Words that say nothing about the subject.
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the i me my we us our you your it its is are was were be been am do does did can could would will should "
        "may might have has had how what when where which who why to of in on at for from with and or if so that this "
        "there here please hi hello hey want need like know tell help get not no any some about just",
    )
)
_STOP_BIGRAMS = frozenset(
    re.findall(
        r"\w+",
        "怎么 什么 如何 可以 是否 请问 多少 哪里 有没 没有 我的 我想 你们 能不 不能 么办 一下 时候 吗我 是什 你好 知道",
    )
)
_SUFFIX = re.compile(r"(?:ies|ing|ed|es|s)$")


class WordIndex:
    """Entries by the words of all the ways in which they are known. For any thread."""

    def __init__(self, entries: Iterable[Known] = ()) -> None:
        self._mirror = Mirror()
        self._lock = threading.RLock()
        self._taking: threading.Thread | None = None
        self._keys: dict[str, set[str]] = defaultdict(set)  # of a word
        self._entries: dict[str, Known] = {}
        for entry in entries:
            self._put(entry)

    def refresh(self) -> bool:
        """Read what has changed; False while so much has that a thread of its own takes it up (20,000 entries: 5 s).

        For a database thread: others that wait for it do not wait for that.
        """
        with self._lock:
            if self._taking is not None and self._taking.is_alive():
                return False
            changed = self._mirror.refresh()
            if len(changed) <= TAKEN_AT_ONCE:
                self._take(changed)
                return True
            self._taking = threading.Thread(target=self._take, args=(changed,), name="words", daemon=True)
            self._taking.start()
            return False

    def _take(self, changed: Iterable[str]) -> None:
        for key in changed:
            with self._lock:  # one by one: who ranks does not wait for all
                self._drop(key)
                if (entry := self._mirror.entries.get(key)) is not None:
                    self._put(entry)

    def rank(self, text: str) -> list[tuple[float, Known]]:
        """Entries in the language of the text that have something in common with it, best first, with their scores.

        Of 20,000 entries it looks into MAX_SCORED, those that have the rarest words of the text.
        """
        language = language_of(text)
        said = _known_words(text, language)
        with self._lock:
            scored = [(self._score(said, entry), entry) for entry in self._nearest(said, language)]
        return sorted((each for each in scored if each[0] > 0), key=lambda each: (-each[0], each[1].key))

    def _score(self, said: Set[str], entry: Known) -> float:
        return max(self._likeness(said, _known_words(text, entry.language)) for text in entry.texts)

    def _likeness(self, said: Set[str], asked: Set[str]) -> float:
        """0 to 1: how much of the known question was said, and how much else was not. Rare words weigh more."""
        both = self._weight(said & asked)
        return both and SAID * both / self._weight(asked) + NOTHING_ELSE * both / self._weight(said)

    def _weight(self, words: Iterable[str]) -> float:
        """A word that no entry has weighs most: it says that the question is about something else."""
        count = len(self._entries)
        return sum(math.log(1 + count / (len(self._keys.get(word, ())) or 0.5)) for word in words)

    def _nearest(self, words: Set[str], language: str) -> list[Known]:
        weights: defaultdict[str, float] = defaultdict(float)
        visited = 0
        for keys in sorted((self._keys[word] for word in words if word in self._keys), key=len):
            visited += len(keys)
            if weights and visited > MAX_VISITED:
                break
            for key in keys:
                weights[key] += 1 / len(keys)
        near = (self._entries[key] for key in nlargest(MAX_SCORED, weights, key=weights.__getitem__))
        return [entry for entry in near if entry.language == language]

    def _put(self, entry: Known) -> None:
        self._entries[entry.key] = entry
        for word in _all_words(entry):
            self._keys[word].add(entry.key)

    def _drop(self, key: str) -> None:
        if (entry := self._entries.pop(key, None)) is not None:
            for word in _all_words(entry):
                self._keys[word].discard(key)


def _all_words(entry: Known) -> set[str]:
    return {word for text in entry.texts for word in _known_words(text, entry.language)}


# What is known is the same for message after message; to take it apart anew was most of a decision.
@lru_cache(maxsize=KEPT_TEXTS)
def _known_words(text: str, language: str) -> frozenset[str]:
    """What it says of its subject: stems of words, or pairs of Chinese characters."""
    plain = normalise(text)
    return frozenset(han_bigrams(plain) - _STOP_BIGRAMS if language == CHINESE else set(_stems(plain)) - _STOP_WORDS)


def _stems(plain: str) -> list[str]:
    """Words without the commonest endings: returns, returned and returning are one word."""
    return [_SUFFIX.sub("", word) if len(word) > 4 else word for word in latin_words(plain)]
