"""Where texts lie: meaning and words joined in one vector, and of that the directions in which a base differs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chatbot.knowledge.retrieval.encoder import DIMENSIONS, Floats, to_length_one
from chatbot.knowledge.retrieval.grams import BUCKETS, Grams, GramWeights, weigh

KEPT_DIMENSIONS = 384  # accuracy is that of all of them (cross-validation on the public sets)
MAX_SAMPLE = 6_000  # texts from which the directions are found
ROUNDS = 3
ROWS_AT_ONCE = 2_000  # with all dimensions they take 20 MB


@dataclass(frozen=True, slots=True)
class Space:
    """`word_weight` is what words count beside meaning (1); 0 for questions in another script, which share none."""

    mean: Floats
    word_weight: float
    grams: GramWeights
    basis: Floats  # (all dimensions, kept ones)

    def place(self, vectors: Floats, grams: Sequence[Grams]) -> Floats:
        """A row for each text, of the encoder's vectors and the texts' grams. Its length is 1 at most."""
        if not len(vectors):
            return np.empty((0, self.basis.shape[1]), np.float32)
        return np.concatenate([rows @ self.basis for rows in self._wide(vectors, grams)])

    def _wide(self, vectors: Floats, grams: Sequence[Grams]) -> Iterator[Floats]:
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            yield self.widen(vectors[some], grams[some])

    def widen(self, vectors: Floats, grams: Sequence[Grams]) -> Floats:
        """All dimensions."""
        meaning = to_length_one(vectors - self.mean)
        if not self.word_weight:
            return meaning
        whole = 1 + self.word_weight
        words = self.grams.vectors(grams)
        return np.hstack([np.float32(whole**-0.5) * meaning, np.float32((self.word_weight / whole) ** 0.5) * words])


def fit_space(
    vectors: Floats, grams: Sequence[Grams], word_weight: float, mean: Floats, basis: Floats | None = None
) -> Space:
    """The space of a base with these texts. `basis`, if it is known from a base that is nearly the same."""
    weights = weigh(grams if word_weight else ())
    wide = Space(mean, word_weight, weights, np.empty((0, 0), np.float32))
    return Space(mean, word_weight, weights, _find_basis(wide, vectors, grams) if basis is None else basis)


def _find_basis(space: Space, vectors: Floats, grams: Sequence[Grams]) -> Floats:
    """The directions in which the texts differ most, by iterating a random subspace."""
    chance = np.random.default_rng(0)
    sample = np.sort(chance.permutation(len(vectors))[:MAX_SAMPLE])
    rows = space.widen(vectors[sample], [grams[i] for i in sample])
    if len(rows) <= KEPT_DIMENSIONS:
        return np.ascontiguousarray(np.linalg.qr(rows.T)[0])
    width = min(KEPT_DIMENSIONS + 16, *rows.shape)
    found: Floats = np.linalg.qr(rows.T @ chance.standard_normal((len(rows), width), np.float32))[0]
    for _ in range(ROUNDS):
        found = np.linalg.qr(rows.T @ (rows @ found))[0]
    order = np.linalg.svd(rows @ found, full_matrices=False)[2]
    return np.ascontiguousarray((found @ order.T)[:, :KEPT_DIMENSIONS])


WIDE_DIMENSIONS = DIMENSIONS + BUCKETS
