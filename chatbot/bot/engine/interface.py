"""What every bot is asked, and what it says: the one interface between turns and engines."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol


class Action(StrEnum):
    """What the bot does about a message. To hand over is an action of its own, never a phrase in the text."""

    ANSWER = "answer"
    SUGGEST = "suggest"  # "did you mean": up to three questions, as buttons
    REFUSE = "refuse"  # it says that it does not know
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation; `name` is the agent's."""

    role: Literal["customer", "bot", "agent"]
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """The conversation since it last came to the bot (it began, was reopened, released): an old hand-over is not in it.

    `lines` are the messages before the question, oldest first. How the bot answered last: `was_unsure`, `last_entry`,
    `had_trouble` (its engine failed). `thread` is what an engine outside calls the conversation, "" before it has said.
    `is_vip`: by the address that the customer gives. With `hand_over_token` an engine outside may call
    POST /api/hand-overs.
    """

    session_name: str
    language: str
    lines: tuple[Line, ...] = ()
    was_unsure: bool = False
    last_entry: str = ""
    had_trouble: bool = False
    thread: str = ""
    is_vip: bool = False
    hand_over_token: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the customer wrote, "" for files alone."""

    text: str
    context: Context


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from; `url` may be empty."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of an answer, to be shown at once. The pieces together are the answer, to the byte."""

    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ends. `text` is the whole answer: of an engine that has given pieces, all of them together.

    `confidence` is 0 to 1, null where the engine has none. With HAND_OVER `reason` is what agents see, and `text` is
    empty. `entry` is the key of the entry that is the answer. `is_unsure` counts towards the offer of a human.
    """

    action: Action
    text: str = ""
    sources: tuple[Source, ...] = ()
    suggestions: tuple[str, ...] = ()
    confidence: float | None = None
    offer_human: bool = False
    is_unsure: bool = False
    had_trouble: bool = False
    entry: str = ""
    reason: str = ""
    summary: str = ""
    thread: str = ""


class EngineTrouble(Exception):
    """An engine gave no usable answer: an error, a deadline, a refusal, nonsense. Its text has no words of people."""


class Engine(Protocol):
    """A bot. It knows texts only: who writes, streams and stores is not its business."""

    def answer(self, question: Question) -> AsyncGenerator[Text | Outcome, None]:
        """Pieces, if it has them one by one, and last one Outcome. Raises EngineTrouble. Cancelled by who stops it."""
        ...
