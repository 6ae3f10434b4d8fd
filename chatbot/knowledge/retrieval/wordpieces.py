"""Cuts a text into the pieces that the second encoder knows, as BERT's tokenizer without upper case does.

The pieces are in `wordpieces.txt`, one a line, whose number is its place (`python -m tools.vendor_wordpieces`).
"""

import re
import unicodedata
from pathlib import Path

FILE = Path(__file__).with_name("wordpieces.txt")
MAX_WORD = 100  # characters; a longer word is unknown
MAX_PIECES = 128  # with the two around them: what the encoder was trained with
UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"
INNER = "##"  # before a piece that does not begin a word

# Each of these is a word by itself: Chinese characters, and what is no letter or digit in ASCII.
_HAN = "\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0002a6df\U0002a700-\U0002ceaf\uf900-\ufaff\U0002f800-\U0002fa1f"
_ALONE = re.compile(f"([!-/:-@[-`{{-~{_HAN}])")


class WordPieces:
    """Loaded once in a process: 4 MB."""

    def __init__(self, file: Path = FILE) -> None:
        self._numbers = {piece: number for number, piece in enumerate(file.read_text(encoding="utf-8").split())}
        self._start, self._end, self._unknown = (self._numbers[piece] for piece in (START, END, UNKNOWN))

    def cut(self, text: str) -> list[int]:
        """The numbers of the pieces, MAX_PIECES at most, with the first and the last that each text has."""
        found = [self._start]
        for word in words_of(text):
            if len(found) >= MAX_PIECES:
                break
            found += self._cut_word(word)
        return [*found[: MAX_PIECES - 1], self._end]

    def _cut_word(self, word: str) -> list[int]:
        """The longest piece that it begins with, and so on; none of it is known if any part is not."""
        if len(word) > MAX_WORD:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._numbers.get((INNER if start else "") + word[start:end])
                if number is not None:
                    break
            else:
                return [self._unknown]
            found.append(number)
            start = end
        return found


def words_of(text: str) -> list[str]:
    """Lower case, without accents; punctuation and Chinese characters are words by themselves."""
    plain = "".join(map(_clean, text))
    bare = "".join(letter for letter in unicodedata.normalize("NFD", plain) if unicodedata.category(letter) != "Mn")
    apart = _ALONE.sub(r" \1 ", bare.lower())
    if not apart.isascii():
        apart = "".join(f" {letter} " if unicodedata.category(letter)[0] == "P" else letter for letter in apart)
    return apart.split()


def _clean(letter: str) -> str:
    """White space is a blank; what controls or stands for nothing is left out."""
    if letter in "\t\n\r":
        return " "
    if unicodedata.category(letter)[0] == "C" or letter == "\ufffd":
        return ""
    return " " if letter.isspace() else letter
