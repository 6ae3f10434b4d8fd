"""The process that fits: it says how far it is, a share a line, and writes what it has fitted."""

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chatbot.knowledge.mirror import Known, Mirror
from chatbot.knowledge.retrieval import archive
from chatbot.knowledge.retrieval.encoder import Floats
from chatbot.knowledge.retrieval.encoders import Encoders
from chatbot.knowledge.retrieval.fit_shelf import Filed, fit_shelf
from chatbot.knowledge.retrieval.in_use import archive_name, archive_names, encoders_in_use
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
    languages: dict[str, list[Known]] = {}
    for entry in mirror.entries.values():
        languages.setdefault(entry.language, []).append(entry)
    encoders = Encoders(encoders_in_use())
    vectors = _encode(encoders, languages, _tell(0, ENCODING))
    shelves: list[Shelf] = []
    done = 0.0
    for language, entries in sorted(languages.items()):
        share = len(entries) / len(mirror.entries) * (1 - ENCODING)
        filed = _file(language, entries, vectors, encoders.width(language))
        shelves.append(fit_shelf(filed, _tell(ENCODING + done, share)))
        done += share
    _store(mirror.revision, archive.pack(shelves))


def _file(language: str, entries: Sequence[Known], vectors: dict[str, Floats], width: int) -> Filed:
    rows = np.empty((sum(len(entry.texts) for entry in entries), width), np.float32)
    for row, text in enumerate(text for entry in entries for text in entry.texts):
        rows[row] = vectors[text][:width]
    return Filed(language, [entry.key for entry in entries], [entry.texts for entry in entries], rows)


def _encode(encoders: Encoders, languages: Mapping[str, Sequence[Known]], tell: Progress) -> dict[str, Floats]:
    """The vector of each text, at least as long as its language's: from what was fitted last, or from the encoders.

    Half precision is what is kept of those that are known: a fit is the same from either.
    """
    known = _known_vectors()
    widths = {text: 0 for entries in languages.values() for entry in entries for text in entry.texts}
    for language, entries in languages.items():
        width = encoders.width(language)
        widths.update({text: max(width, widths[text]) for entry in entries for text in entry.texts})
    missing = [text for text, width in widths.items() if text not in known or len(known[text]) < width]
    for start in range(0, len(missing), ENCODED_AT_ONCE):
        some = missing[start : start + ENCODED_AT_ONCE]
        new = [text for text in some if text not in known]
        if new:
            known.update(zip(new, encoders.encode_first(new).astype(np.float16), strict=True))
        short = [text for text in some if len(known[text]) < widths[text]]
        if short:
            longer = encoders.lengthen(short, np.stack([known[text] for text in short]))
            known.update(zip(short, longer.astype(np.float16), strict=True))
        tell(min(1.0, (start + ENCODED_AT_ONCE) / len(missing)))
    return known


def _known_vectors() -> dict[str, Floats]:
    """None of an archive that cannot be read: its texts are encoded anew."""
    found: dict[str, Floats] = {}
    for name in archive_names():
        last = FittedKnowledge.objects.filter(encoder=name).order_by("-revision", "-id")
        stored = last.values_list("archive", flat=True).first()
        with contextlib.suppress(*archive.UNREADABLE):
            found.update(archive.unpack_vectors(bytes(stored)) if stored else {})
    return found


def _store(revision: int, data: bytes) -> None:
    FittedKnowledge.objects.create(revision=revision, encoder=archive_name(), archive=data)
    newest = FittedKnowledge.objects.order_by("-revision", "-id").values_list("id", flat=True)[:KEPT]
    FittedKnowledge.objects.exclude(id__in=list(newest)).delete()


def _tell(start: float, share: float) -> Progress:
    def tell(done: float) -> None:
        sys.stdout.write(f"{start + share * done:.4f}\n")
        sys.stdout.flush()

    return tell
