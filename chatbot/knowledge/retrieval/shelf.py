"""The entries of one language, and what a question finds among them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.language import CHINESE, normalise
from chatbot.knowledge.retrieval.confidence import Confidence
from chatbot.knowledge.retrieval.encoder import Floats
from chatbot.knowledge.retrieval.grams import Grams
from chatbot.knowledge.retrieval.head import Head, Numbers, with_changes

MAX_FOUND = 5
_PUNCTUATION = str.maketrans("", "", "?!.,;:'\"？！。，；：、“”‘’…~ ")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is looked for."""

    text: str
    vector: Floats  # (1, dimensions); longer ones than the shelf's are of more encoders than it was fitted to
    grams: Grams
    is_chinese: bool


@dataclass(frozen=True, slots=True)
class Side:
    """What answers questions in one script."""

    head: Head
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Shelf:
    """Entries are numbered 0, 1, 2 …; `texts` are all the ways in which each is known, its own question first."""

    language: str
    keys: Sequence[str]
    texts: Sequence[Sequence[str]]
    vectors: NDArray[np.float16]  # of all texts in their order
    own: Side  # for questions in the script of the entries
    other: Side
    exact: dict[str, int] = field(default_factory=dict)  # a plain text to its entry

    def find(self, asked: Asked) -> list[tuple[int, float]]:
        """(entry, confidence), best first. An entry that is known in exactly these words is sure."""
        side = self.own if asked.is_chinese == self.is_chinese else self.other
        placed = side.head.space.place(asked.vector, [asked.grams])
        reading = side.head.read(placed, asked.vector, self.vectors)
        shares = reading.shares[0]
        best = float(side.confidence.of(reading.features)[0])
        order = _best(shares)
        top = shares[order[0]]
        found = [(int(entry), best * float(np.exp(shares[entry] - top)) ** 0.5) for entry in order]
        same = self.exact.get(plain(asked.text))
        if same is None or not self.own.head.is_there[same]:
            return found
        return [(same, 1.0), *(each for each in found if each[0] != same)][:MAX_FOUND]

    @property
    def is_chinese(self) -> bool:
        return self.language == CHINESE

    @property
    def is_empty(self) -> bool:
        return not self.own.head.is_there.any()


def plain(text: str) -> str:
    """Texts of which only letters and digits differ in nothing are the same."""
    return normalise(text).translate(_PUNCTUATION)


def exact_texts(texts: Sequence[Sequence[str]]) -> dict[str, int]:
    """Each text's entry; of several, the first."""
    return {plain(text): entry for entry in reversed(range(len(texts))) for text in texts[entry] if plain(text)}


@dataclass(frozen=True, slots=True)
class Added:
    """An entry that came, or was changed, after a shelf was fitted."""

    key: str
    texts: Sequence[str]
    vectors: Floats
    grams: Sequence[Grams]


def with_entries(shelf: Shelf, gone: Sequence[str], added: Sequence[Added]) -> Shelf:
    """The shelf without some entries and with others: at once, until all of it is fitted anew."""
    numbers = {key: number for number, key in enumerate(shelf.keys)}
    without = np.array([numbers[key] for key in gone], np.intp)
    width = shelf.vectors.shape[1]
    vectors = np.concatenate([each.vectors[:, :width] for each in added]) if added else np.empty((0, 0), np.float32)
    grams = [each for entry in added for each in entry.grams]
    texts = [*shelf.texts, *(entry.texts for entry in added)]
    exact = {text: entry for text, entry in shelf.exact.items() if entry not in set(without.tolist())}
    exact.update({text: len(shelf.texts) + entry for text, entry in exact_texts([e.texts for e in added]).items()})
    return replace(
        shelf,
        keys=[*shelf.keys, *(entry.key for entry in added)],
        texts=texts,
        vectors=np.vstack([shelf.vectors, vectors.astype(np.float16)]) if added else shelf.vectors,
        own=_with(shelf.own, without, vectors, grams, added),
        other=_with(shelf.other, without, vectors, grams, added),
        exact=exact,
    )


def _with(side: Side, gone: Numbers, vectors: Floats, grams: Sequence[Grams], added: Sequence[Added]) -> Side:
    placed = side.head.space.place(vectors, grams) if added else vectors
    return replace(side, head=with_changes(side.head, gone, placed, [len(entry.texts) for entry in added]))


def _best(shares: Floats) -> Numbers:
    there = int(np.isfinite(shares).sum())
    count = min(MAX_FOUND, there)
    some = np.argpartition(-shares, max(count - 1, 0))[:count]
    order: Numbers = some[np.argsort(-shares[some])]
    return order
