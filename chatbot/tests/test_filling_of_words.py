"""The first question that is looked for by words does not hold up all that read the database."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from chatbot.knowledge import full_text, search
from chatbot.knowledge.entries import current_revision, write_entries
from chatbot.knowledge.mirror import Known
from chatbot.models import KnowledgeEntry
from realtime.database import in_database, read_database

WAIT_SECONDS = 30.0  # what holds a reader up would do so until it is over


@pytest.fixture
def filling(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Any change is a large one. It is taken up once this event is set."""
    may_go_on = threading.Event()
    put = full_text.WordIndex._put

    def put_later(index: full_text.WordIndex, entry: Known) -> None:
        assert may_go_on.wait(WAIT_SECONDS)
        put(index, entry)

    monkeypatch.setattr(full_text, "TAKEN_AT_ONCE", 0)
    monkeypatch.setattr(full_text.WordIndex, "_put", put_later)
    yield may_go_on
    may_go_on.set()


def _write_one() -> None:
    write_entries([KnowledgeEntry(key="k-1", language="en", question="Where is my parcel?", answer="a")])


@pytest.mark.django_db(transaction=True)
async def test_others_read_while_the_index_of_words_is_filled(filling: threading.Event) -> None:
    await in_database(_write_one)
    async with asyncio.timeout(WAIT_SECONDS / 2):
        assert await search.find("where is my parcel") == search.NOTHING
        assert await read_database(current_revision) == 1
    filling.set()
    while not (found := await search.find("where is my parcel")).candidates:
        await asyncio.sleep(0.01)
    assert [candidate.key for candidate in found.candidates] == ["k-1"]
