"""Questions that the bot was not sure of: noted as they are asked, near ones gathered when somebody looks."""

from collections.abc import Iterable

from chatbot.knowledge.language import han_bigrams, language_of, latin_words, normalise
from chatbot.models import Message, UnansweredQuestion

MAX_TEXT_LENGTH = 300

# Two questions are near each other when this share of what either says is said by both.
NEAR = 0.5

# One look gathers so many that are new, each beside so many open groups: well under a second.
MAX_NEW = 300
MAX_GROUPS = 1000


def note(message: Message, confidence: float | None) -> None:
    """Keep a customer's message that the bot was not sure of. One insert; nothing for files alone, or a second time.

    `message.session` must have been read. The note goes with its message.
    """
    text = " ".join(message.content.split())[:MAX_TEXT_LENGTH]
    if not text:
        return
    question = UnansweredQuestion(
        message=message,
        text=text,
        language=language_of(text, message.session.language),
        confidence=confidence or 0.0,
    )
    UnansweredQuestion.objects.bulk_create([question], ignore_conflicts=True)


def gather() -> int:
    """Give each new question the group of an open one that is near it, else one of its own; return how many were new.

    Bounded by MAX_NEW, oldest first, and by the MAX_GROUPS latest groups. Two that gather at once may begin two groups.
    """
    new = list(UnansweredQuestion.objects.filter(group=None).order_by("pk")[:MAX_NEW])
    if not new:
        return 0
    known = _open_groups()
    for question in new:
        said = _said(question.text)
        question.group = _nearest(said, known) or question.pk
        known.append((question.group, said))
    UnansweredQuestion.objects.bulk_update(new, ["group"], batch_size=100)
    return len(new)


def texts_of(group: int) -> list[str]:
    """What was asked in a group's open questions, each text once, oldest first."""
    open_ones = UnansweredQuestion.objects.filter(group=group, is_done=False).order_by("pk")
    by_words: dict[str, str] = {}
    for text in open_ones.values_list("text", flat=True):
        by_words.setdefault(normalise(text), text)
    return list(by_words.values())


def finish(groups: Iterable[int]) -> int:
    """Mark all questions of these groups as done, and return how many were open."""
    return UnansweredQuestion.objects.filter(group__in=list(groups), is_done=False).update(is_done=True)


def _open_groups() -> list[tuple[int, frozenset[str]]]:
    latest = UnansweredQuestion.objects.filter(is_done=False, group__isnull=False).order_by("-pk")
    return [(group, _said(text)) for group, text in latest.values_list("group", "text")[:MAX_GROUPS] if group]


def _said(text: str) -> frozenset[str]:
    """What two near questions have in common: words, pairs of Chinese characters; the whole text where it has none."""
    plain = normalise(text)
    return frozenset([*latin_words(plain), *han_bigrams(plain)]) or frozenset([plain])


def _nearest(said: frozenset[str], known: Iterable[tuple[int, frozenset[str]]]) -> int | None:
    share, group = max(((len(said & each) / len(said | each), group) for group, each in known), default=(0.0, 0))
    return group if share >= NEAR else None
