"""One encoder or two. A text's vector is what the first says of it, and behind that, if it is English, the second.

What looks at meaning alone of a language, or across two scripts, takes the first's part of a longer vector.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from chatbot.knowledge.language import ENGLISH
from chatbot.knowledge.retrieval import encoder, second_encoder
from chatbot.knowledge.retrieval.encoder import Encoder, Floats
from chatbot.knowledge.retrieval.second_encoder import SecondEncoder

# Of the vectors of one encoder, or of both.
WIDTHS = (encoder.DIMENSIONS, encoder.DIMENSIONS + second_encoder.DIMENSIONS)


class Encoders:
    """`count` of them, 1 or 2; each is loaded with its first text."""

    def __init__(self, count: int) -> None:
        self.count = count

    def width(self, language: str) -> int:
        """How many numbers a text of a language has."""
        return WIDTHS[1] if self.count > 1 and language == ENGLISH else WIDTHS[0]

    def load(self) -> None:
        """So that the first question does not wait for it."""
        self.encode(["warm"], ENGLISH)

    def encode(self, texts: Sequence[str], language: str) -> Floats:
        """A row for each text."""
        first = self.encode_first(texts)
        return first if self.width(language) == WIDTHS[0] else self.lengthen(texts, first)

    def encode_first(self, texts: Sequence[str]) -> Floats:
        """What the first says alone."""
        return self._first.encode(texts)

    def lengthen(self, texts: Sequence[str], first: Floats) -> Floats:
        """What both say, where it is known what the first does."""
        return np.hstack([first, self._second.encode(texts)])

    @cached_property
    def _first(self) -> Encoder:
        return Encoder()

    @cached_property
    def _second(self) -> SecondEncoder:
        return SecondEncoder()


def parts_of(count: int) -> list[slice]:
    """Where the numbers of each of so many encoders are in a vector."""
    return [slice(0, WIDTHS[0]), slice(*WIDTHS)][:count]
