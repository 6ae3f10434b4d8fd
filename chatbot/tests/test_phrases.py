"""Phrases that supervisors write mean what they say, in every process, some seconds later."""

import pytest

from chatbot.bot.engine.embedded import EmbeddedEngine
from chatbot.bot.engine.interface import Action, Context, Outcome, Question
from chatbot.bot.understanding.phrases import KEPT_SECONDS, PhraseBook, says_one_of
from chatbot.bot.understanding.wishes import asks_for_human
from chatbot.models import Phrase, PhraseKind
from realtime.database import in_database


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def add(text: str, kind: PhraseKind = PhraseKind.HUMAN) -> None:
    Phrase.objects.create(kind=kind, text=text)


async def test_they_are_known_by_what_they_mean(transactional_db: None) -> None:
    await in_database(add, "Get me the  Boss!")
    await in_database(add, "烦不烦", PhraseKind.ANGER)
    phrases = await PhraseBook().phrases()
    assert (phrases.human, phrases.anger) == (("get me the boss",), ("烦不烦",))


async def test_a_change_is_known_when_they_are_read_again(transactional_db: None) -> None:
    clock = Clock()
    book = PhraseBook(clock)
    await book.phrases()
    await in_database(add, "get me the boss")
    before = await book.phrases()
    clock.now += KEPT_SECONDS
    assert (before.human, (await book.phrases()).human) == ((), ("get me the boss",))


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Please get me the BOSS", True),
        ("I don't want you to get me the boss", False),
        ("not that, get me the boss", True),
        ("get me the bosses", False),
        ("店长在哪", True),
        ("不要店长", False),
        ("不行，叫店长来", True),
    ],
)
def test_a_wish_in_them_counts_unless_it_is_denied(text: str, *, asks: bool) -> None:
    assert asks_for_human(text, ("get me the boss", "店长")) is asks


def test_the_second_time_counts_if_the_first_is_denied() -> None:
    assert says_one_of(["boss"], "no boss, i said, boss")


async def test_the_bot_hands_over_who_says_one(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.bot.engine.embedded.PHRASE_BOOK", PhraseBook())
    await in_database(add, "店长")
    outcome = await anext(aiter(EmbeddedEngine().answer(Question("叫店长来", Context("s-1", "zh-hans")))))
    assert outcome == Outcome(Action.HAND_OVER, reason="叫店长来")
