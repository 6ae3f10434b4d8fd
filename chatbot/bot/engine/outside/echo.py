"""Finds the instructions of a bot in what it says."""

from collections.abc import Iterable

# Of letters and digits, some eight words: by chance nobody says as many of them in this order.
WINDOW = 40


def windows_of(texts: Iterable[str]) -> frozenset[str]:
    """What nobody is to be told: every WINDOW letters of these texts that follow each other."""
    found: set[str] = set()
    for text in texts:
        letters = _letters(text)
        found.update(letters[at : at + WINDOW] for at in range(len(letters) - WINDOW + 1))
    return frozenset(found)


class Echo:
    """Reads an answer as it comes."""

    def __init__(self, windows: frozenset[str]) -> None:
        self._windows = windows
        self._last = ""

    def is_in(self, text: str) -> bool:
        """Whether what was read so far, with this text at its end, has as much of the instructions in it."""
        if not self._windows:
            return False
        letters = self._last + _letters(text)
        self._last = letters[-(WINDOW - 1) :]
        return any(letters[at : at + WINDOW] in self._windows for at in range(len(letters) - WINDOW + 1))


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())
