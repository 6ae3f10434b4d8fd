"""Which of its languages a message is in, and what its text is made of."""

import re
import unicodedata

ENGLISH = "en"
CHINESE = "zh-hans"

_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def normalise(text: str) -> str:
    """Lower case, full-width forms folded, typographic apostrophes straight, white space single."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(folded.split())


def language_of(text: str, default: str = ENGLISH) -> str:
    """The language of most of the text's words; `default` for a text without any."""
    plain = normalise(text)
    han, latin = len(_HAN.findall(plain)), len(_LATIN_WORD.findall(plain))
    if not han and not latin:
        return default
    return CHINESE if han >= latin else ENGLISH


def is_in_chinese(text: str) -> bool:
    """Whether the sentence is Chinese, though it may hold a title in another language: 播放 All Things Must Pass。"""
    letters = _LETTER.search(normalise(text))
    return language_of(text) == CHINESE or (letters is not None and bool(_HAN.match(letters.group())))


def han_bigrams(text: str) -> set[str]:
    """Pairs of neighbouring Chinese characters; Chinese is written without spaces, so these stand for its words."""
    runs = re.findall(r"[\u3400-\u9fff]+", text)
    return {run[i : i + 2] for run in runs for i in range(len(run) - 1)}


def latin_words(text: str) -> list[str]:
    return _LATIN_WORD.findall(text)
