"""A shelf from the entries of a language: heads, and how sure they are, from these entries alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatbot.knowledge.language import CHINESE
from chatbot.knowledge.retrieval.calibration import (
    FOLDS,
    Examples,
    Kind,
    Tried,
    make_head,
    together,
    try_round,
)
from chatbot.knowledge.retrieval.confidence import fit_confidence
from chatbot.knowledge.retrieval.encoder import DIMENSIONS, Floats
from chatbot.knowledge.retrieval.grams import Grams, grams_of
from chatbot.knowledge.retrieval.head import MANY_FITTED, MAX_FITTED
from chatbot.knowledge.retrieval.pooled import OTHER_SCRIPT, TWO_ENCODERS, Pooled, pooled
from chatbot.knowledge.retrieval.shelf import Shelf, Side, exact_texts

OWN = {CHINESE: Kind(word_weight=0.3, looseness=40)}
OWN_ELSE = Kind(word_weight=0.2, looseness=20)
OWN_OF_TWO = Kind(word_weight=0.2, looseness=20, meanings=(0.5, 1.0))  # with vectors of both encoders
OTHER = Kind(word_weight=0, looseness=60)
# Fewer texts of known answers to try heads out on say too little; what was learnt from public bases says more.
FEWEST_TRIED = 60
# What questions in another script score lower than those that heads are tried out on, which are in the entries' own:
# found with the Chinese questions of a public base on its English one.
OTHER_BIAS = 0.25
# The average vector of texts counts like so many texts beside a base's own: of a handful it would be these texts.
PRIOR_TEXTS = 20
MANY_ROUNDS = 2

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Filed:
    """What is to be put on a shelf: entries with all texts by which each is known, and the texts' vectors in turn."""

    language: str
    keys: Sequence[str]
    texts: Sequence[Sequence[str]]
    vectors: Floats


def fit_shelf(filed: Filed, tell: Progress) -> Shelf:
    """Fit heads and confidences. `tell` is told the share that is done."""
    examples = _examples(filed)
    return Shelf(
        filed.language,
        filed.keys,
        filed.texts,
        examples.vectors.astype(np.float16),
        _fit_side(*_own(filed), examples, MAX_FITTED, lambda d: tell(d * 0.7)),
        _with_bias(_fit_side(OTHER, pooled(OTHER_SCRIPT), examples, MANY_FITTED, lambda d: tell(0.7 + d * 0.3))),
        exact_texts(filed.texts),
    )


def quick_shelf(filed: Filed) -> Shelf:
    """A shelf in no time, without fitting: centroids, and what was learnt from public bases."""
    examples = _examples(filed)
    return Shelf(
        filed.language,
        filed.keys,
        filed.texts,
        examples.vectors.astype(np.float16),
        _quick_side(*_own(filed), examples),
        _quick_side(OTHER, pooled(OTHER_SCRIPT), examples),
        exact_texts(filed.texts),
    )


def _own(filed: Filed) -> tuple[Kind, Pooled]:
    if filed.vectors.shape[1] > DIMENSIONS:
        return OWN_OF_TWO, pooled(TWO_ENCODERS)
    return OWN.get(filed.language, OWN_ELSE), pooled(filed.language)


def _examples(filed: Filed) -> Examples:
    grams: list[Grams] = [grams_of(text) for texts in filed.texts for text in texts]
    answers = np.repeat(np.arange(len(filed.texts)), [len(texts) for texts in filed.texts])
    return Examples(filed.vectors, grams, answers)


def _mean(examples: Examples, shipped: Pooled) -> Floats:
    count = len(examples.vectors)
    own = examples.vectors[:, : len(shipped.mean)].sum(0)
    mean: Floats = (own + PRIOR_TEXTS * shipped.mean) / (count + PRIOR_TEXTS)
    return mean.astype(np.float32)


def _quick_side(kind: Kind, shipped: Pooled, examples: Examples) -> Side:
    head = make_head(kind, examples, _mean(examples, shipped), None, by_centroids=True)
    return Side(head, shipped.confidence)


def _fit_side(kind: Kind, shipped: Pooled, examples: Examples, most: int, tell: Progress) -> Side:
    """`most`: above so many examples times answers, centroids stand for the answers."""
    count, size = int(examples.answers[-1]) + 1, len(examples.answers)
    if _tried_texts(examples) < FEWEST_TRIED:
        return _quick_side(kind, shipped, examples)
    by_centroids = size * count > most
    rounds = MANY_ROUNDS if size * count > MANY_FITTED else FOLDS
    head = make_head(kind, examples, _mean(examples, shipped), None, by_centroids=by_centroids)
    tell(1 / (rounds + 1))
    tried = []
    for number in range(rounds):
        tried.append(try_round(kind, examples, number, head.space, by_centroids=by_centroids))
        tell((number + 2) / (rounds + 1))
    found = together(tried)
    confidence = fit_confidence(found.features, found.is_right, found.is_in_scope)
    return Side(replace(head, line=_line(found)), confidence)


def _tried_texts(examples: Examples) -> int:
    """How many texts of answers that are known in other words, too, all rounds together ask for."""
    sizes = np.bincount(examples.answers)
    return int(sizes[sizes > 1].sum() * (FOLDS - 1) / FOLDS)


def _with_bias(side: Side) -> Side:
    """Unless it is shipped, which was learnt of questions in another script."""
    if side.confidence is pooled(OTHER_SCRIPT).confidence:
        return side
    coefficients = side.confidence.coefficients.copy()
    coefficients[-1] += OTHER_BIAS
    return replace(side, confidence=replace(side.confidence, coefficients=coefficients))


def _line(tried: Tried) -> tuple[float, float]:
    """What an answer that comes later scores: as these did by their nearest example, when they were not in it."""
    slope, offset = np.polyfit(tried.nearest.astype(float), tried.logits.astype(float), 1)
    return max(float(slope), 0.0), float(offset)
