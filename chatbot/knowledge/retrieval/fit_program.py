"""The process that fits: it says how far it is, a share a line, and writes what it has fitted."""

import sys
from collections.abc import Callable, Sequence

import numpy as np

from chatbot.knowledge.mirror import Known, Mirror
from chatbot.knowledge.retrieval import archive
from chatbot.knowledge.retrieval.encoder import DIMENSIONS, Encoder, Floats
from chatbot.knowledge.retrieval.fit_shelf import Filed, fit_shelf
from chatbot.knowledge.retrieval.fitting import NAME
from chatbot.knowledge.retrieval.shelf import Shelf
from chatbot.models import FittedKnowledge

KEPT = 2
ENCODED_AT_ONCE = 100
# Of all that is told as done: what the encoder takes when no vector is known.
ENCODING = 0.5

Progress = Callable[[float], None]


def run_fit() -> None:
    """Fit to the knowledge base as it is and write it. Vectors of texts that are known are not made again."""
    mirror = Mirror()
    mirror.refresh()
    vectors = _encode([text for each in mirror.entries.values() for text in each.texts], _tell(0, ENCODING))
    languages: dict[str, list[Known]] = {}
    for entry in mirror.entries.values():
        languages.setdefault(entry.language, []).append(entry)
    shelves: list[Shelf] = []
    done = 0.0
    for language, entries in sorted(languages.items()):
        share = len(entries) / len(mirror.entries) * (1 - ENCODING)
        shelves.append(fit_shelf(_file(language, entries, vectors), _tell(ENCODING + done, share)))
        done += share
    _store(mirror.revision, archive.pack(shelves))


def _file(language: str, entries: Sequence[Known], vectors: dict[str, Floats]) -> Filed:
    rows = np.empty((sum(len(entry.texts) for entry in entries), DIMENSIONS), np.float32)
    for row, text in enumerate(text for entry in entries for text in entry.texts):
        rows[row] = vectors[text]
    return Filed(language, [entry.key for entry in entries], [entry.texts for entry in entries], rows)


def _encode(texts: Sequence[str], tell: Progress) -> dict[str, Floats]:
    """The vector of each text: from what was fitted last, or from the encoder."""
    last = FittedKnowledge.objects.filter(encoder=NAME).order_by("-revision", "-id")
    known = _known_vectors(last.values_list("archive", flat=True).first())
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    encoder = Encoder() if missing else None
    for start in range(0, len(missing), ENCODED_AT_ONCE):
        assert encoder is not None
        some = missing[start : start + ENCODED_AT_ONCE]
        # Half precision is what is kept of those that are known: a fit is the same from either.
        known.update(zip(some, encoder.encode(some).astype(np.float16), strict=True))
        tell(min(1.0, (start + ENCODED_AT_ONCE) / len(missing)))
    return known


def _known_vectors(stored: bytes | memoryview | None) -> dict[str, Floats]:
    """None of an archive that cannot be read: all texts are encoded anew."""
    try:
        return archive.unpack_vectors(bytes(stored)) if stored else {}
    except archive.UNREADABLE:
        return {}


def _store(revision: int, data: bytes) -> None:
    FittedKnowledge.objects.create(revision=revision, encoder=NAME, archive=data)
    newest = FittedKnowledge.objects.order_by("-revision", "-id").values_list("id", flat=True)[:KEPT]
    FittedKnowledge.objects.exclude(id__in=list(newest)).delete()


def _tell(start: float, share: float) -> Progress:
    def tell(done: float) -> None:
        sys.stdout.write(f"{start + share * done:.4f}\n")
        sys.stdout.flush()

    return tell
