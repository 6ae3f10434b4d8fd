"""Where texts lie: meaning and words joined in one vector, and of that the directions in which a base differs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatbot.knowledge.retrieval.encoder import Floats, to_length_one
from chatbot.knowledge.retrieval.encoders import parts_of
from chatbot.knowledge.retrieval.grams import Grams, GramWeights, weigh

# Of more texts than these the directions in which they differ most are kept: accuracy is that of all dimensions
# (cross-validation on the public sets). Fewer leave directions out in which an entry that comes later may lie.
MAX_WIDE = 2_000
KEPT_DIMENSIONS = 384
FEW_ROWS = 1_000
NO_SQUARE = 1e-5  # of the largest: below that it is a rounding error
MAX_SAMPLE = 6_000  # texts from which the directions are found
ROUNDS = 3
ROWS_AT_ONCE = 2_000  # with all dimensions they take 20 MB
ONE_MEANING = (1.0,)
ALL_DIMENSIONS = np.empty((0, 0), np.float32)


@dataclass(frozen=True, slots=True)
class Space:
    """`word_weight` is what words count beside meaning (1); 0 for questions in another script, which share none.

    `meanings` is what the meaning of each encoder counts; of longer vectors the rest is not looked at.
    """

    mean: Floats
    word_weight: float
    grams: GramWeights
    basis: Floats  # (all dimensions, kept ones), or ALL_DIMENSIONS
    meanings: tuple[float, ...] = ONE_MEANING

    def place(self, vectors: Floats, grams: Sequence[Grams]) -> Floats:
        """A row for each text, of the encoders' vectors and the texts' grams. Its length is 1 at most."""
        places = (slice(start, start + ROWS_AT_ONCE) for start in range(0, max(len(vectors), 1), ROWS_AT_ONCE))
        return np.concatenate([self._narrow(self.widen(vectors[some], grams[some])) for some in places])

    def _narrow(self, wide: Floats) -> Floats:
        return wide @ self.basis if self.basis.size else wide

    def widen(self, vectors: Floats, grams: Sequence[Grams]) -> Floats:
        """All dimensions."""
        blocks = [to_length_one(vectors[:, part] - self.mean[part]) for part in parts_of(len(self.meanings))]
        if self.word_weight:
            blocks.append(self.grams.vectors(grams))
        weights = np.array([*self.meanings, self.word_weight][: len(blocks)])
        shares = np.sqrt(weights / weights.sum()).astype(np.float32)
        return np.hstack([share * block for share, block in zip(shares, blocks, strict=True)])


def fit_space(
    vectors: Floats,
    grams: Sequence[Grams],
    word_weight: float,
    mean: Floats,
    basis: Floats | None = None,
    meanings: tuple[float, ...] = ONE_MEANING,
) -> Space:
    """The space of a base with these texts. `basis`, if it is known from a base that is nearly the same."""
    weights = weigh(grams if word_weight else ())
    wide = Space(mean, word_weight, weights, ALL_DIMENSIONS, meanings)
    if basis is None and len(vectors) > MAX_WIDE:
        sample = np.sort(np.random.default_rng(0).permutation(len(vectors))[:MAX_SAMPLE])
        basis = find_directions(wide.widen(vectors[sample], [grams[i] for i in sample]))
    return wide if basis is None else replace(wide, basis=basis)


def find_directions(rows: Floats) -> Floats:
    """(dimensions, fewer): those in which rows differ. All of them of a few rows, of more those of most difference."""
    if len(rows) <= FEW_ROWS:
        return _all_directions(rows)
    width = min(KEPT_DIMENSIONS + 16, *rows.shape)
    chance = np.random.default_rng(0)
    found: Floats = np.linalg.qr(rows.T @ chance.standard_normal((len(rows), width), np.float32))[0]
    for _ in range(ROUNDS):
        found = np.linalg.qr(rows.T @ (rows @ found))[0]
    order = np.linalg.svd(rows @ found, full_matrices=False)[2]
    return np.ascontiguousarray((found @ order.T)[:, :KEPT_DIMENSIONS])


def _all_directions(rows: Floats) -> Floats:
    """By how alike the rows are: a tenth of the time that iterating takes."""
    squares, found = np.linalg.eigh(rows @ rows.T)
    kept = squares > NO_SQUARE * squares[-1]
    return np.ascontiguousarray(rows.T @ found[:, kept] / np.sqrt(squares[kept]))
