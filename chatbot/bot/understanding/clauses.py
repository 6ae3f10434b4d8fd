"""A message in clauses: what is asked, wished or refused is said in one of them."""

import re
from dataclasses import dataclass

from chatbot.knowledge.language import normalise

# Between Chinese characters a space is a comma.
CLAUSE_END = re.compile(
    r"[.,;:!?\n。，；：！？、~…\"“”「」()（）]+|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])|\bbut\b|但是?|而是",
    re.IGNORECASE,
)
_NO_LETTER = re.compile(r"[^\w ']|_")

_EN_NEGATION = re.compile(
    r"\b(?:don't|dont|do not|doesn't|does not|didn't|did not|isn't|aren't|wasn't|not|never|no|without|stop|cancel)\b"
)
# At the end of what stands before: Chinese writes no spaces, and in 还没到气死我了 nothing is denied.
_ZH_NEGATION = re.compile(
    r"(?:不要|不用|不想|不需要|不必|不愿|不是|并不|没有|没|别|无需|无须|勿|取消|不)"
    r"(?:再|给我|帮我|很|太|那么|想|要|有|是|在|觉得|感到)*$"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """`plain` are its words, normalised, without signs; from `start` to `end` it stands in the text."""

    plain: str
    start: int
    end: int


def clauses_of(text: str) -> list[Clause]:
    """Those that have words."""
    ends = [(found.start(), found.end()) for found in CLAUSE_END.finditer(text)]
    starts = [0, *(end for _, end in ends)]
    stops = [*(start for start, _ in ends), len(text)]
    found = [Clause(words_of(text[start:stop]), start, stop) for start, stop in zip(starts, stops, strict=True)]
    return [clause for clause in found if clause.plain]


def words_of(text: str) -> str:
    """Normalised, without signs."""
    return " ".join(_NO_LETTER.sub(" ", normalise(text)).split())


def is_negated(before: str, *, within: int = 40) -> bool:
    """Whether what stands before a phrase refuses or denies it, in its clause and at most `within` letters before."""
    clause = CLAUSE_END.split(before)[-1]
    return _ends_with_english(clause, within) or bool(_ZH_NEGATION.search(clause))


def _ends_with_english(clause: str, within: int) -> bool:
    return any(len(clause) - found.end() <= within for found in _EN_NEGATION.finditer(clause))
