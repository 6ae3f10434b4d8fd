"""How often it is told that somebody writes: a page says so with every few keys."""

import time
from itertools import islice

PAUSE_SECONDS = 2.0
FORGET_SECONDS = 6.0  # as a reader does
MAX_WRITERS = 100_000  # some 20 MB


class TypingPace:
    """What this process has told of each writer: `active` once in two seconds, its end at once and once.

    Threads may call it at the same time; what they then do twice is told twice.
    """

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, bool]] = {}  # when `active` was told last, and whether it still holds

    def is_due(self, writer: str, *, active: bool) -> bool:
        """Whether this is news; an end is, too, if another process may have told the beginning."""
        told_at, holds = self._told.get(writer, (None, True))
        if not active:
            return holds
        return told_at is None or time.monotonic() - told_at >= PAUSE_SECONDS

    def note(self, writer: str, *, active: bool) -> None:
        """It was told."""
        now = time.monotonic()
        told_at, _ = self._told.pop(writer, (now, active))
        self._told[writer] = (now if active else told_at, active)
        self._forget(now)

    def _forget(self, now: float) -> None:
        """The oldest come first, since what is noted goes to the end."""
        for writer, (told_at, _) in list(islice(self._told.items(), 2)):
            if now - told_at > FORGET_SECONDS or len(self._told) > MAX_WRITERS:
                self._told.pop(writer, None)
