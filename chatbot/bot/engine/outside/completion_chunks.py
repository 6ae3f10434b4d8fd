"""The pieces in which a chat completion comes, read without believing that they are what they should be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbot.bot.engine.interface import EngineTrouble, Source
from chatbot.bot.engine.outside.outcome import distinct, one_line, source
from chatbot.bot.engine.outside.prompt import TOOL_NAME
from chatbot.bot.engine.outside.shown_text import clean
from chatbot.models import MAX_REASON_LENGTH, MAX_SUMMARY_LENGTH

MAX_CALLS = 4  # of the one tool; some models repeat it
MAX_ARGUMENTS_LENGTH = 4000

# Reasons to end that make a text no answer; every other word for an end is one.
BAD_ENDS = {"length": "cut_short", "content_filter": "filtered", "function_call": "nonsense"}


@dataclass(frozen=True, slots=True)
class Wish:
    """The bot calls a human."""

    reason: str
    summary: str


@dataclass
class Completion:
    """What was heard so far of one chat completion beside its words."""

    has_choice: bool = False
    end: str = ""
    sources: tuple[Source, ...] = ()
    _calls: dict[int, list[str]] = field(default_factory=dict)  # name and arguments of each call

    def hear(self, chunk: Mapping[str, Any]) -> str:
        """Take a piece and return its words. Raises EngineTrouble, or what reading a wrong form raises."""
        choices = chunk["choices"]
        if not choices:  # the usage
            return ""
        choice = choices[0]
        self.has_choice = True
        self.end = choice.get("finish_reason") or self.end
        delta = choice.get("delta") or {}
        if delta.get("refusal"):
            raise EngineTrouble("refused")
        for call in delta.get("tool_calls") or ():
            self._hear_call(call)
        self.sources = sources_of(delta.get("reference")) or self.sources
        words = delta.get("content") or ""
        if not isinstance(words, str):
            raise EngineTrouble("nonsense")
        return words

    def _hear_call(self, call: Mapping[str, Any]) -> None:
        said = self._calls.setdefault(call.get("index") or 0, ["", ""])
        function = call.get("function") or {}
        said[0] += function.get("name") or ""
        said[1] += function.get("arguments") or ""
        if len(said[1]) > MAX_ARGUMENTS_LENGTH or len(said[0]) > len(TOOL_NAME) or len(self._calls) > MAX_CALLS:
            raise EngineTrouble("nonsense")

    @property
    def has_calls(self) -> bool:
        return bool(self._calls)

    def wish(self) -> Wish:
        """What the calls say. There is one tool: a call of another one, or one that cannot be read, is nonsense."""
        if any(name != TOOL_NAME for name, _ in self._calls.values()):
            raise EngineTrouble("nonsense")
        arguments = json.loads(next(iter(self._calls.values()))[1])
        reason, summary = arguments["reason"], arguments.get("summary") or ""
        return Wish(one_line(reason)[:MAX_REASON_LENGTH], clean(summary).strip()[:MAX_SUMMARY_LENGTH])

    def check_end(self, *, must_be_said: bool) -> None:
        """Raises EngineTrouble unless it came to its end; some endpoints (RAGFlow's agents) do not say that it has."""
        if not self.has_choice:
            raise EngineTrouble("empty")
        if self.end in BAD_ENDS:
            raise EngineTrouble(BAD_ENDS[self.end])
        if must_be_said and not self.end:
            raise EngineTrouble("broken_off")
        if self.end == "tool_calls" and not self._calls:
            raise EngineTrouble("nonsense")


def sources_of(reference: Any) -> tuple[Source, ...]:
    """RAGFlow's documents: a list of chunks, or of agents an object that has them by number."""
    chunks = reference.get("chunks", ()) if isinstance(reference, Mapping) else reference
    listed = chunks.values() if isinstance(chunks, Mapping) else chunks or ()
    return distinct(source(each.get("document_name") or each.get("docnm_kwd"), each.get("url")) for each in listed)
