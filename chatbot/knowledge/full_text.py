"""Which entries have words in common with a question: the fallback where no encoder is."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from chatbot.knowledge.entries import phrasings
from chatbot.knowledge.language import CHINESE, han_bigrams, language_of, latin_words, normalise
from chatbot.models import KnowledgeEntry

# Tuned on the tables of chatbot/tests/test_engine.py: below 0.5, answers were more often wrong than right.
KEYWORD_SCORE = 0.5
KEYWORD_SCORE_PER_CHARACTER = 0.02
KEPT_TEXTS = 10_000

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


def rank(text: str, entries: Sequence[KnowledgeEntry]) -> list[tuple[float, KnowledgeEntry]]:
    """Entries in the language of the text that have something in common with it, best first, each with its score."""
    plain, language = normalise(text), language_of(text)
    score = _score_chinese if language == CHINESE else _score_english
    scored = [(score(plain, entry), entry) for entry in entries if entry.language == language]
    return sorted((each for each in scored if each[0] > 0), key=lambda each: -each[0])


def _score_chinese(plain: str, answer: KnowledgeEntry) -> float:
    said = han_bigrams(plain) - _STOP_BIGRAMS
    return _nearest(said, answer, _known_bigrams) + _keyword_score(answer, lambda keyword: keyword in plain)


def _score_english(plain: str, answer: KnowledgeEntry) -> float:
    words = _stems(plain)
    spoken = f" {' '.join(words)} "
    return _nearest(set(words) - _STOP_WORDS, answer, _known_words) + _keyword_score(
        answer, lambda keyword: f" {' '.join(_known_stems(keyword))} " in spoken
    )


def _nearest(said: set[str], answer: KnowledgeEntry, parts_of: Callable[[str], frozenset[str]]) -> float:
    """How much of it is the way of asking that has most in common with it."""
    return max(_overlap(said, parts_of(text)) for text in phrasings(answer))


def _overlap(said: set[str], asked: frozenset[str]) -> float:
    """0 to 1: how much of the known question was said, and how much of what was said belongs to it."""
    both = len(said & asked)
    return 0.6 * both / len(asked) + 0.4 * both / len(said) if both else 0.0


def _keyword_score(answer: KnowledgeEntry, occurs: Callable[[str], bool]) -> float:
    """The longest keyword that occurs counts: "refund status" says more than "refund"."""
    found = [len(keyword) for keyword in _known_keywords("\n".join(phrasings(answer)[1:])) if occurs(keyword)]
    return KEYWORD_SCORE + KEYWORD_SCORE_PER_CHARACTER * max(found) if found else 0.0


# What is known is the same for message after message; to take it apart anew was most of a decision.
@lru_cache(maxsize=KEPT_TEXTS)
def _known_stems(text: str) -> tuple[str, ...]:
    return tuple(_stems(normalise(text)))


@lru_cache(maxsize=KEPT_TEXTS)
def _known_words(text: str) -> frozenset[str]:
    return frozenset(_known_stems(text)) - _STOP_WORDS


@lru_cache(maxsize=KEPT_TEXTS)
def _known_bigrams(text: str) -> frozenset[str]:
    return frozenset(han_bigrams(normalise(text)) - _STOP_BIGRAMS)


@lru_cache(maxsize=KEPT_TEXTS)
def _known_keywords(listed: str) -> tuple[str, ...]:
    parts = (normalise(part) for part in listed.splitlines())
    return tuple(part for part in parts if part)


def _stems(plain: str) -> list[str]:
    """Words without the commonest endings: returns, returned and returning are one word."""
    return [_SUFFIX.sub("", word) if len(word) > 4 else word for word in latin_words(plain)]
