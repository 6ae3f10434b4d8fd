"""What the bot knows and what it can decide."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A question with its answer; `keywords` are separated by commas, `language` is "en" or "zh-hans"."""

    question: str
    keywords: str
    answer: str
    language: str


@dataclass(frozen=True, slots=True)
class Reply:
    """`offer_human`: the bot is unsure, and its text says how to reach a human."""

    text: str
    offer_human: bool = False


@dataclass(frozen=True, slots=True)
class Escalate:
    """The customer asked for a human; `reason` is what agents see."""

    reason: str


Decision = Reply | Escalate
