"""What of the knowledge base is sent to a language model."""

import pytest

from chatbot.bot.engine.interface import Source
from chatbot.bot.engine.outside.passages import MAX_PASSAGE_LENGTH, passages_for
from chatbot.knowledge.entries import write_entry
from chatbot.models import KnowledgeEntry
from realtime.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)


def entry(key: str, question: str, answer: str) -> KnowledgeEntry:
    return KnowledgeEntry(key=key, language="en", question=question, answer=answer, url="https://shop.example.com/")


async def test_the_entries_that_fit_go_along() -> None:
    await in_database(write_entry, entry("hours", "When are you open?", "From 9 to 18."))
    await in_database(write_entry, entry("long", "When are you open on holidays?", "x" * 4000))
    found = {each.question: each for each in await passages_for("When are you open?")}
    assert found["When are you open?"].answer == "From 9 to 18."
    assert found["When are you open?"].source == Source("When are you open?", "https://shop.example.com/")
    assert all(len(each.answer) <= MAX_PASSAGE_LENGTH for each in found.values())


async def test_where_nothing_fits_nothing_goes_along() -> None:
    assert await passages_for("When are you open?") == ()
