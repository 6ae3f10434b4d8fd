"""What of a bot's words a customer is shown, while they come in pieces of any size."""

from typing import Protocol

from chatbot.bot.engine.interface import EngineTrouble
from chatbot.bot.engine.outside.citations import NoCitations
from chatbot.bot.engine.outside.echo import Echo
from chatbot.models import MAX_CONTENT_LENGTH

ELLIPSIS = "…"
THOUGHT_BEGINS, THOUGHT_ENDS = "<think>", "</think>"
# Held back because it may become something else: white space without end is nonsense.
MAX_HELD = 500


class Rewriting(Protocol):
    """What is done to the text; `beginning` says from where on it cannot be done yet."""

    def beginning(self, text: str) -> int: ...

    def rewrite(self, text: str) -> str: ...


class ShownText:
    """Takes a bot's words and gives what may be shown, all of which together is the answer, to the byte.

    Cut off: thoughts before the answer (`<think>`), the marker that asks for a human and what follows it, white space
    at both ends, NUL, halves of characters, and what is longer than `limit` characters. What may turn out to be one of
    these is held back.
    """

    def __init__(
        self,
        *,
        marker: str = "",
        rewriting: Rewriting | None = None,
        secret: Echo | None = None,
        limit: int = MAX_CONTENT_LENGTH,
    ) -> None:
        self._limit = limit
        self._marker = marker
        self._rewriting = rewriting or NoCitations()
        self._secret = secret or Echo(frozenset())
        self._characters = _WholeCharacters()
        self._thoughts = _Thoughts()
        self._held = ""
        self._last = ""  # at the limit of length: the last character, or an ellipsis in its place
        self.shown = ""
        self.wants_human = False
        self.is_full = False

    def add(self, text: str) -> str:
        """What can be shown of it and of what was held back, perhaps nothing. EngineTrouble for nonsense."""
        words = self._thoughts.take_out(self._characters.add(text))
        if self._secret.is_in(words):
            raise EngineTrouble("said_its_prompt")
        self._held += words
        text = self._release(is_end=False)
        if len(self._held) > MAX_HELD and not (self.is_full or self.wants_human):
            raise EngineTrouble("nonsense")
        return text

    def finish(self) -> str:
        """What was held back until the end."""
        self._held += self._thoughts.rest()
        return self._release(is_end=True)

    def _release(self, is_end: bool) -> str:
        if self.is_full or self.wants_human:
            return ""
        at = self._held.find(self._marker) if self._marker else -1
        if at >= 0:
            self.wants_human = is_end = True
            self._held = self._held[:at]
        end = len(self._held) if is_end else self._undecided()
        ready, self._held = self._held[:end], self._held[end:]
        text = self._rewriting.rewrite(ready)
        if not self.shown:
            text = text.lstrip()
        return self._show(text.rstrip() if is_end else text, is_end)

    def _undecided(self) -> int:
        """Where that begins of which only what follows says whether it is shown."""
        held = self._held
        starts = [self._rewriting.beginning(held), _beginning_of(self._marker, held)]
        return len(held[: min(starts)].rstrip())

    def _show(self, text: str, is_end: bool) -> str:
        text, self._last = self._last + text, ""
        room = self._limit - len(self.shown)
        if len(text) > room:
            self.is_full = True
            text = text[: room - 1] + ELLIPSIS
        elif len(text) == room and not is_end:
            text, self._last = text[:-1], text[-1]
        self.shown += text
        return text


def _beginning_of(marker: str, text: str) -> int:
    """Where in the text the beginning of the marker stands at its end; its length if there is none."""
    for length in range(min(len(marker) - 1, len(text)), 0, -1):
        if text.endswith(marker[:length]):
            return len(text) - length
    return len(text)


class _WholeCharacters:
    """Joins halves of characters that came apart (`\\ud83d`, then `\\ude00`), drops those that stay alone, and NUL."""

    def __init__(self) -> None:
        self._half = ""

    def add(self, text: str) -> str:
        text, self._half = self._half + text.replace("\0", ""), ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return clean(text)


class _Thoughts:
    """Takes out what a model thinks aloud before it answers."""

    def __init__(self) -> None:
        self._held = ""
        self._is_over = False

    def take_out(self, text: str) -> str:
        if self._is_over:
            return text
        self._held = (self._held + text).lstrip()
        if self._held.startswith(THOUGHT_BEGINS):
            return self._inside(self._held)
        return "" if THOUGHT_BEGINS.startswith(self._held) else self.rest()

    def _inside(self, text: str) -> str:
        _, ended, after = text.partition(THOUGHT_ENDS)
        if not ended:
            self._held = THOUGHT_BEGINS + text[len(THOUGHT_BEGINS) :][-len(THOUGHT_ENDS) :]
            return ""
        self._held = after.lstrip()
        return self.rest()

    def rest(self) -> str:
        """What was held back and is no thought."""
        held, self._held, self._is_over = self._held, "", True
        return "" if held.startswith(THOUGHT_BEGINS) else held


def clean(text: str) -> str:
    """The text without NUL and without halves of characters."""
    pairs = text.replace("\0", "").encode("utf-16-le", "surrogatepass")
    return pairs.decode("utf-16-le", "ignore")
