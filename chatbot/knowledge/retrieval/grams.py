"""What a text is made of: words, pairs of words and pieces of words, weighted by how rare they are in the base."""

import itertools
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.encoder import MAX_CHARACTERS, Floats, to_length_one

BUCKETS = 2048
PIECES = (2, 3, 4)  # characters

# A Chinese character counts as a word.
_WORD = re.compile(r"[a-z0-9']+|[\u3400-\u9fff]")
_RUN = re.compile(r"[a-z0-9']+|[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Grams:
    """The different grams of a text, each as a number of 32 bits, and how much its repeats make of it."""

    ids: NDArray[np.uint32]
    counts: Floats


def grams_of(text: str) -> Grams:
    plain = text[:MAX_CHARACTERS].lower()
    words = _WORD.findall(plain)
    found = [f"w{word}" for word in words]
    found += [f"b{one} {next_one}" for one, next_one in itertools.pairwise(words)]
    for run in _RUN.findall(plain):
        spaced = f" {run} "
        found += [f"c{spaced[i : i + size]}" for size in PIECES for i in range(len(spaced) - size + 1)]
    counted = Counter(zlib.crc32(gram.encode()) for gram in found)
    counts = np.log(np.fromiter(counted.values(), np.float32, len(counted))) + 1
    return Grams(np.fromiter(counted, np.uint32, len(counted)), counts)


@dataclass(frozen=True, slots=True)
class GramWeights:
    """How rare each gram of a base is. `ids` are sorted."""

    ids: NDArray[np.uint32]
    weights: Floats

    def vectors(self, texts: Sequence[Grams]) -> Floats:
        """A row of BUCKETS numbers for each text, of length 1, or 0 if the base has none of its grams."""
        if not texts or not len(self.ids):
            return np.zeros((len(texts), BUCKETS), np.float32)
        sizes = [len(each.ids) for each in texts]
        ids = np.concatenate([each.ids for each in texts])
        values = np.concatenate([each.counts for each in texts])
        rows = np.repeat(np.arange(len(texts)), sizes)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        known = self.ids[places] == ids
        signs = np.where(ids & 1, 1, -1)
        columns = (ids >> 1) % BUCKETS
        cells = (rows * BUCKETS + columns)[known]
        summed = np.bincount(cells, (values * self.weights[places] * signs)[known], len(texts) * BUCKETS)
        return to_length_one(summed.astype(np.float32).reshape(len(texts), BUCKETS))


def weigh(texts: Sequence[Grams]) -> GramWeights:
    """The weights of a base with these texts."""
    if not texts:
        return GramWeights(np.empty(0, np.uint32), np.empty(0, np.float32))
    ids, counts = np.unique(np.concatenate([each.ids for each in texts]), return_counts=True)
    return GramWeights(ids, (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32))
