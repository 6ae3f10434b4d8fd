"""How an answer of a bot outside ends, and from where it says that it is."""

from collections.abc import Iterable, Sequence
from typing import Any

from chatbot.bot.engine.interface import Action, EngineTrouble, Outcome, Question, Source
from chatbot.bot.engine.outside.shown_text import ShownText, clean
from chatbot.models import MAX_QUESTION_LENGTH, MAX_URL_LENGTH, PREVIEW_LENGTH

MAX_SOURCES = 5


def answered(shown: ShownText, sources: Sequence[Source], *, is_unsure: bool, thread: str) -> Outcome:
    """All that was shown is the answer. EngineTrouble if that is nothing."""
    if not shown.shown:
        raise EngineTrouble("empty")
    action = Action.REFUSE if is_unsure else Action.ANSWER
    return Outcome(action, shown.shown, tuple(sources), is_unsure=is_unsure, offer_human=is_unsure, thread=thread)


def called_by_marker(question: Question, thread: str) -> Outcome:
    """The bot has written its marker: agents see what the customer wrote last."""
    return Outcome(Action.HAND_OVER, reason=one_line(question.text)[:PREVIEW_LENGTH], thread=thread)


def source(title: Any, url: Any = "") -> Source | None:
    """A source that a bot outside names, null without a name. Only a link to a page is one."""
    if not isinstance(title, str) or not (name := one_line(title)):
        return None
    is_link = isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= MAX_URL_LENGTH
    return Source(name[:MAX_QUESTION_LENGTH], one_line(url) if is_link else "")


def distinct(sources: Iterable[Source | None]) -> tuple[Source, ...]:
    """Each once, and not too many."""
    return tuple(dict.fromkeys(each for each in sources if each))[:MAX_SOURCES]


def one_line(text: str) -> str:
    return " ".join(clean(text).split())
