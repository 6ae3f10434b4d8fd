"""Trying a head out on the base alone: answers are left out, and examples of the others, and then asked for."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.confidence import Flags
from chatbot.knowledge.retrieval.encoder import Floats
from chatbot.knowledge.retrieval.grams import Grams
from chatbot.knowledge.retrieval.head import FEATURES, Head, Numbers, fit_head
from chatbot.knowledge.retrieval.space import ONE_MEANING, Space, fit_space

FOLDS = 5
TEXTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Examples:
    """The ways in which answers are known, in the order of the answers, which are 0, 1, 2 …"""

    vectors: Floats
    grams: Sequence[Grams]
    answers: Numbers

    def some(self, rows: Numbers) -> "Examples":
        """Some of them; the answers that are left are numbered anew."""
        answers = np.unique(self.answers[rows], return_inverse=True)[1].astype(np.intp)
        return Examples(self.vectors[rows], [self.grams[row] for row in rows], answers)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of head. English and Chinese bases, and questions in another script, want different ones.

    `meanings` is what the meaning of each encoder counts.
    """

    word_weight: float
    looseness: float
    meanings: tuple[float, ...] = ONE_MEANING


@dataclass(frozen=True, slots=True)
class Tried:
    """What heads said of texts that they had not seen.

    `nearest` and `logits` are of the right answer, and of the texts in scope alone.
    """

    features: Floats
    is_right: Flags
    is_in_scope: Flags
    nearest: Floats
    logits: Floats


def _nothing() -> Floats:
    return np.empty(0, np.float32)


def _nothing_tried(kind: Kind) -> Tried:
    features = np.empty((0, len(FEATURES) + len(kind.meanings)), np.float32)
    return Tried(features, np.empty(0, bool), np.empty(0, bool), _nothing(), _nothing())


def make_head(kind: Kind, examples: Examples, mean: Floats, basis: Floats | None, *, by_centroids: bool) -> Head:
    """A head over some examples."""
    space = fit_space(examples.vectors, examples.grams, kind.word_weight, mean, basis, kind.meanings)
    placed = space.place(examples.vectors, examples.grams)
    return fit_head(space, placed, examples.answers, kind.looseness, by_centroids=by_centroids)


def try_round(kind: Kind, examples: Examples, number: int, space: Space, *, by_centroids: bool) -> Tried:
    """Leave out a fifth of the answers, and of the examples of the others; ask a head that was fitted to the rest.

    `space` is that of the whole base. `number` is 0 to FOLDS - 1.
    """
    folds, groups = _split(examples.answers)
    kept = groups[examples.answers] != number
    sizes = np.bincount(examples.answers)
    held = kept & (folds == number) & (sizes[examples.answers] > 1)
    asked = np.append(np.where(held)[0], np.where(~kept)[0])
    rest = np.where(kept & ~held)[0]
    if not len(rest) or not len(asked):
        return _nothing_tried(kind)
    names = np.unique(examples.answers[rest])
    basis = space.basis if space.basis.size else None  # of the whole base: those of the rest are nearly the same
    head = make_head(kind, examples.some(rest), space.mean, basis, by_centroids=by_centroids)
    known = examples.vectors[rest].astype(np.float16)
    return together(
        [
            _ask(head, examples, asked[start : start + TEXTS_AT_ONCE], known, names, held)
            for start in range(0, len(asked), TEXTS_AT_ONCE)
        ]
    )


def _ask(
    head: Head, examples: Examples, rows: Numbers, known: NDArray[np.float16], names: Numbers, held: Flags
) -> Tried:
    vectors = examples.vectors[rows]
    reading = head.read(head.space.place(vectors, [examples.grams[row] for row in rows]), vectors, known)
    answers, in_scope = examples.answers[rows], held[rows]
    cells = np.where(in_scope)[0], np.searchsorted(names, answers[in_scope])
    return Tried(
        reading.features,
        names[reading.chosen] == answers,
        in_scope,
        reading.nearest[cells],
        reading.logits[cells],
    )


def _split(answers: Numbers) -> tuple[Numbers, Numbers]:
    """The fold of each example, spread evenly over each answer's; the group of each answer."""
    chance = np.random.default_rng(0)
    count = int(answers[-1]) + 1
    folds = np.zeros(len(answers), np.intp)
    starts = np.searchsorted(answers, np.arange(count + 1))
    for start, end in itertools.pairwise(starts):
        places = chance.permutation(end - start)
        folds[start + places] = (np.arange(end - start) + chance.integers(FOLDS)) % FOLDS
    return folds, chance.permutation(np.arange(count) % FOLDS)


def together(tried: Sequence[Tried]) -> Tried:
    return Tried(
        np.concatenate([each.features for each in tried]),
        np.concatenate([each.is_right for each in tried]),
        np.concatenate([each.is_in_scope for each in tried]),
        np.concatenate([each.nearest for each in tried]),
        np.concatenate([each.logits for each in tried]),
    )
