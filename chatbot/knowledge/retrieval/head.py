"""Which answer a question is most like: by what was learnt of all answers, and by the nearest example of each."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.encoder import Floats, to_length_one
from chatbot.knowledge.retrieval.encoders import parts_of
from chatbot.knowledge.retrieval.softmax import ITERATIONS, fit_softmax
from chatbot.knowledge.retrieval.space import KEPT_DIMENSIONS, Space, find_directions

Numbers = NDArray[np.intp]

# Above so many examples times answers a softmax takes minutes; then an answer's centroid stands for it.
MAX_FITTED = 60_000_000
# Above this many, a third of the iterations, each of which takes seconds.
MANY_FITTED = 10_000_000
LOWEST_LOG = -6.0
NEAREST = 200  # examples that are compared by meaning alone, too
FEATURES = ("logit", "log_share", "centroid", "example")  # and behind them a likeness of meaning for each encoder


@dataclass(frozen=True, slots=True)
class Reading:
    """What a head says of some texts: `shares`, the logarithm of how much of all likelihood each answer has."""

    shares: Floats  # (texts, answers); -inf for an answer that is gone
    chosen: Numbers  # (texts,)
    features: Floats  # (texts, FEATURES) of what was chosen
    logits: Floats  # (texts, answers)
    nearest: Floats  # (texts, answers): likeness to the nearest example of each


@dataclass(frozen=True, slots=True)
class Head:
    """Examples are in the order of their answers; those of answer i begin at `starts[i]`.

    `weights` has a row (with the bias last) for each answer that was there when it was fitted, none where centroids
    stand for them. An answer that came later gets a logit by `line` from its nearest example.
    """

    space: Space
    looseness: float
    examples: Floats  # (examples, dimensions)
    starts: Numbers  # (answers,)
    centroids: Floats  # (answers, dimensions)
    weights: Floats  # (answers when fitted or 0, dimensions + 1)
    is_there: NDArray[np.bool_]  # (answers,)
    line: tuple[float, float] = (0.0, 0.0)

    def read(self, placed: Floats, vectors: Floats, known: NDArray[np.float16]) -> Reading:
        """What it says of texts by their places and the encoders' vectors; `known` are those of the examples."""
        gone = ~self.is_there
        similar = placed @ self.examples.T
        nearest = np.maximum.reduceat(similar, self.starts, axis=1)
        central = nearest if self.centroids is self.examples else placed @ self.centroids.T
        logits = self._logits(placed, nearest, central)
        if gone.any():
            nearest[:, gone], central[:, gone], logits[:, gone] = -1, -1, -np.inf
            similar[:, np.repeat(gone, self.sizes())] = -1
        shares = logits + nearest
        shares -= shares.max(1, keepdims=True)
        shares -= np.log(np.exp(shares).sum(1, keepdims=True))
        chosen = shares.argmax(1)
        features = np.stack(
            [
                logits.max(1),
                np.maximum(shares.max(1), LOWEST_LOG),
                central.max(1),
                nearest.max(1),
                *_best_meanings(vectors, similar, known, len(self.space.meanings)),
            ],
            axis=1,
        )
        return Reading(shares, chosen, features.astype(np.float32), logits, nearest)

    def _logits(self, placed: Floats, nearest: Floats, central: Floats) -> Floats:
        if not len(self.weights):
            return np.float32(self.looseness) * central
        fitted = placed @ self.weights[:, :-1].T + self.weights[:, -1]
        later = nearest[:, len(self.weights) :] * np.float32(self.line[0]) + np.float32(self.line[1])
        return np.hstack([fitted, later])

    def sizes(self) -> Numbers:
        """How many examples each answer has."""
        return np.diff(np.append(self.starts, len(self.examples)))


def fit_head(space: Space, placed: Floats, answers: Numbers, looseness: float, *, by_centroids: bool = False) -> Head:
    """A head over examples (in the order of their answers, which are 0, 1, 2 …, each with one at least)."""
    count = int(answers[-1]) + 1
    starts = np.searchsorted(answers, np.arange(count))
    weights = np.empty((0, placed.shape[1] + 1), np.float32)
    if not by_centroids and len(placed) * count <= MAX_FITTED:
        iterations = ITERATIONS // 3 if len(placed) * count > MANY_FITTED else ITERATIONS
        directions = find_directions(placed) if placed.shape[1] > KEPT_DIMENSIONS else None
        rows = placed if directions is None else placed @ directions
        weights = fit_softmax(rows, answers, count, looseness, iterations)
        if directions is not None:  # found in fewer dimensions, several times as fast
            weights = np.c_[weights[:, :-1] @ directions.T, weights[:, -1]]
    return Head(space, looseness, placed, starts, centroids_of(placed, starts), weights, np.ones(count, bool))


def centroids_of(examples: Floats, starts: Numbers) -> Floats:
    """The average of each answer's examples, of length 1; the examples themselves where each answer has one."""
    if len(starts) == len(examples):
        return examples
    return to_length_one(np.add.reduceat(examples, starts, axis=0))


def with_changes(head: Head, gone: Numbers, examples: Floats, sizes: list[int]) -> Head:
    """The head without some answers, and with others, whose examples follow each other, `sizes` of each."""
    is_there = np.append(head.is_there, np.ones(len(sizes), bool))
    is_there[gone] = False
    if not sizes:
        return replace(head, is_there=is_there)
    starts = np.append(head.starts, len(head.examples) + np.cumsum([0, *sizes])[:-1]).astype(np.intp)
    together = np.vstack([head.examples, examples])
    centroids = centroids_of(together, starts)
    return replace(head, examples=together, starts=starts, centroids=centroids, is_there=is_there)


def _best_meanings(vectors: Floats, similar: Floats, known: NDArray[np.float16], encoders: int) -> list[Floats]:
    """For each encoder the likeness of its meaning alone to the best of the examples that are nearest."""
    count = min(NEAREST, similar.shape[1])
    nearest = np.argpartition(-similar, count - 1, axis=1)[:, :count]
    if len(vectors) > 1:  # once, and not for each of the texts
        known = known.astype(np.float32)
    return [
        np.array(
            [(examples[rows].astype(np.float32) @ one).max() for rows, one in zip(nearest, asked, strict=True)],
            np.float32,
        )
        for examples, asked in ((known[:, part], vectors[:, part]) for part in parts_of(encoders))
    ]
