"""Shelves as bytes, to be stored: one npz, in half precision where that changes nothing that is told of them."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.retrieval.confidence import Confidence
from chatbot.knowledge.retrieval.encoder import Floats
from chatbot.knowledge.retrieval.grams import GramWeights
from chatbot.knowledge.retrieval.head import Head, centroids_of
from chatbot.knowledge.retrieval.shelf import Shelf, Side, exact_texts
from chatbot.knowledge.retrieval.space import ONE_MEANING, Space

Arrays = Mapping[str, NDArray[Any]]

# What reading one raises that is damaged, or none.
UNREADABLE = (ValueError, LookupError, OSError, TypeError, EOFError, BadZipFile)


def pack(shelves: Sequence[Shelf]) -> bytes:
    """20,000 texts take 40 MB."""
    arrays: dict[str, NDArray[Any]] = {}
    for number, shelf in enumerate(shelves):
        said = {"language": shelf.language, "keys": list(shelf.keys), "texts": [list(each) for each in shelf.texts]}
        arrays[f"{number}-entries"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
        arrays[f"{number}-vectors"] = shelf.vectors
        for name, side in (("own", shelf.own), ("other", shelf.other)):
            arrays.update({f"{number}-{name}-{part}": array for part, array in _pack_side(side).items()})
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack(data: bytes) -> list[Shelf]:
    """The shelves of an archive. Raises one of UNREADABLE if it is none."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        count = sum(name.endswith("-entries") for name in arrays.files)
        return [_unpack_shelf(arrays, number) for number in range(count)]


def unpack_vectors(data: bytes) -> dict[str, Floats]:
    """The vector of each text of an archive: the longest, where texts of two languages are the same."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        found: dict[str, Floats] = {}
        for number in range(sum(name.endswith("-entries") for name in arrays.files)):
            texts = [text for each in _entries(arrays, number)["texts"] for text in each]
            rows = zip(texts, arrays[f"{number}-vectors"], strict=True)
            found.update((text, row) for text, row in rows if text not in found or len(row) > len(found[text]))
        return found


def _entries(arrays: Arrays, number: int) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(arrays[f"{number}-entries"].tobytes())
    return said


def _unpack_shelf(arrays: Arrays, number: int) -> Shelf:
    said = _entries(arrays, number)
    vectors = arrays[f"{number}-vectors"]
    sizes = [len(each) for each in said["texts"]]
    own, other = (_unpack_side(arrays, f"{number}-{name}", vectors, sizes) for name in ("own", "other"))
    return Shelf(said["language"], said["keys"], said["texts"], vectors, own, other, exact_texts(said["texts"]))


def _pack_side(side: Side) -> dict[str, NDArray[Any]]:
    head, space, confidence = side.head, side.head.space, side.confidence
    packed: dict[str, NDArray[Any]] = {
        "numbers": np.array([space.word_weight, head.looseness, *head.line, *space.meanings], np.float64),
        "mean": space.mean,
        "basis": space.basis.astype(np.float16),
        "gram-ids": space.grams.ids,
        "gram-weights": space.grams.weights.astype(np.float16),
        "weights": head.weights.astype(np.float16),
        "center": confidence.center,
        "spread": confidence.spread,
        "coefficients": confidence.coefficients,
    }
    if space.word_weight:  # else they are soon made of the vectors
        packed["examples"] = head.examples.astype(np.float16)
    return packed


def _unpack_side(arrays: Arrays, name: str, vectors: NDArray[np.float16], sizes: Sequence[int]) -> Side:
    def floats(part: str) -> Floats:
        return np.ascontiguousarray(arrays[f"{name}-{part}"], np.float32)

    word_weight, looseness, slope, offset, *meanings = (float(number) for number in arrays[f"{name}-numbers"])
    grams = GramWeights(arrays[f"{name}-gram-ids"], floats("gram-weights"))
    space = Space(floats("mean"), word_weight, grams, floats("basis"), tuple(meanings) or ONE_MEANING)
    examples = floats("examples") if word_weight else space.place(vectors.astype(np.float32), ())
    starts = np.cumsum([0, *sizes])[:-1].astype(np.intp)
    head = Head(
        space,
        looseness,
        examples,
        starts,
        centroids_of(examples, starts),
        floats("weights"),
        np.ones(len(sizes), bool),
        (slope, offset),
    )
    return Side(head, Confidence(floats("center"), floats("spread"), floats("coefficients")))
