"""All shelves of a process: as they were fitted, with what has changed since, by the entries as they are."""

import logging
from collections.abc import Iterable, Sequence

import numpy as np

from chatbot.knowledge.language import CHINESE, ENGLISH, is_in_chinese
from chatbot.knowledge.mirror import Known, Mirror
from chatbot.knowledge.retrieval import archive
from chatbot.knowledge.retrieval.encoder import Floats
from chatbot.knowledge.retrieval.encoders import Encoders
from chatbot.knowledge.retrieval.fit_shelf import Filed, quick_shelf
from chatbot.knowledge.retrieval.grams import grams_of
from chatbot.knowledge.retrieval.in_use import archive_name, readable_names
from chatbot.knowledge.retrieval.shelf import Added, Asked, Shelf, with_entries
from chatbot.models import FittedKnowledge

# A shelf in the other language is asked, too, unless the own one is so sure.
SURE = 0.5
# What the own language is worth where both are nearly as sure.
OWN_LANGUAGE = 0.05
MAX_FOUND = 5
# Texts that are looked for before they are fitted; more than these wait for the fit.
MAX_UNFITTED = 1_000
# Encoded at a time, of two encoders half as many, 0.4 s: a question waits no longer.
ENCODED_AT_ONCE = 100

logger = logging.getLogger(__name__)


class Library:
    """Asked and refreshed by one thread."""

    def __init__(self, encoders: Encoders) -> None:
        self.fitted_revision = 0
        self._encoders = encoders
        self._at_once = ENCODED_AT_ONCE // encoders.count
        self._mirror = Mirror()
        self._fitted_id = 0
        self._fitted: dict[str, Shelf] = {}
        self._shelves: list[Shelf] = []
        self._vectors: dict[tuple[str, str], Floats] = {}  # of texts in a language that came after the fit
        self._is_complete = True

    def refresh(self) -> bool:
        """Read what has changed; False if there is more to encode. Raises the database's errors."""
        has_new_fit = self._take_newest_fit()
        if not self._mirror.refresh() and not has_new_fit and self._is_complete:
            return True
        self._is_complete = True
        entries: dict[str, list[Known]] = {}
        for entry in self._mirror.entries.values():
            entries.setdefault(entry.language, []).append(entry)
        languages = self._fitted.keys() | entries.keys()
        shelves = (self._arrange(name, entries.get(name, [])) for name in sorted(languages))
        self._shelves = [shelf for shelf in shelves if shelf is not None and not shelf.is_empty]
        return self._is_complete

    def find(self, text: str) -> list[tuple[str, str, str, float]]:
        """(key, question, language, confidence), best first."""
        is_chinese = is_in_chinese(text)
        vector = self._encoders.encode([text], CHINESE if is_chinese else ENGLISH)
        asked = Asked(text, vector, grams_of(text), is_chinese)
        own = [shelf for shelf in self._shelves if shelf.is_chinese == asked.is_chinese]
        found = _find(own, asked)
        if not found or found[0][3] <= SURE:
            found += _find([shelf for shelf in self._shelves if shelf.is_chinese != asked.is_chinese], asked)
            names = {shelf.language for shelf in own}
            found.sort(key=lambda each: -each[3] - (OWN_LANGUAGE if each[2] in names else 0))
        return found[:MAX_FOUND]

    def _take_newest_fit(self) -> bool:
        found = _newest_fit()
        if found is None or found[0] == self._fitted_id:
            return False
        self._fitted_id, revision = found
        data = FittedKnowledge.objects.filter(id=self._fitted_id).values_list("archive", flat=True).first()
        if data is None:
            return False
        try:
            shelves = archive.unpack(bytes(data))
        except archive.UNREADABLE as error:
            logger.error("what was fitted cannot be read and is fitted anew id=%s: %r", self._fitted_id, error)
            FittedKnowledge.objects.filter(id=self._fitted_id).delete()
            return False
        self._fitted = {shelf.language: shelf for shelf in shelves}
        self.fitted_revision = revision
        self._vectors = {}
        logger.info("knowledge base loaded revision=%s", revision)
        return True

    def _arrange(self, language: str, entries: Sequence[Known]) -> Shelf | None:
        """The shelf of a language as the entries are."""
        shelf = self._fitted.get(language)
        on_shelf = dict(zip(shelf.keys, shelf.texts, strict=True)) if shelf else {}
        there = {entry.key: entry for entry in entries}
        gone = [key for key, texts in on_shelf.items() if key not in there or tuple(texts) != there[key].texts]
        come = [entry for entry in entries if entry.key not in on_shelf or tuple(on_shelf[entry.key]) != entry.texts]
        added = self._encode(come)
        if shelf is not None:
            return with_entries(shelf, gone, added)
        if not added:
            return None
        vectors = np.concatenate([each.vectors for each in added])
        return quick_shelf(Filed(language, [each.key for each in added], [each.texts for each in added], vectors))

    def _encode(self, entries: Iterable[Known]) -> list[Added]:
        """Those of the entries that are encoded; some more of them are."""
        added, size, may_encode = [], 0, self._at_once
        for entry in entries:
            size += len(entry.texts)
            if size > MAX_UNFITTED:
                break
            names = [(entry.language, text) for text in entry.texts]
            missing = [name for name in names if name not in self._vectors]
            if missing and len(missing) > may_encode < self._at_once:
                self._is_complete = False
                break
            may_encode -= len(missing)
            made = self._encoders.encode([text for _, text in missing], entry.language)
            self._vectors.update(zip(missing, made, strict=True))
            vectors = np.stack([self._vectors[name] for name in names])
            added.append(Added(entry.key, entry.texts, vectors, [grams_of(text) for text in entry.texts]))
        return added


def _newest_fit() -> tuple[int, int] | None:
    """(id, revision); revision 0 for one that another number of encoders was fitted to, which serves until then."""
    for name in readable_names():
        newest = FittedKnowledge.objects.filter(encoder=name).order_by("-revision", "-id")
        found = newest.values_list("id", "revision").first()
        if found is not None:
            return found if name == archive_name() else (found[0], 0)
    return None


def _find(shelves: Iterable[Shelf], asked: Asked) -> list[tuple[str, str, str, float]]:
    return [
        (shelf.keys[entry], shelf.texts[entry][0], shelf.language, round(confidence, 4))
        for shelf in shelves
        for entry, confidence in shelf.find(asked)
    ]
