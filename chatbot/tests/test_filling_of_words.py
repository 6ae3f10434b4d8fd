"""The first question that is looked for by words does not hold up all that read the database."""

import asyncio
import time

import pytest

from chatbot.knowledge import search
from chatbot.knowledge.entries import current_revision, write_entries
from chatbot.models import KnowledgeEntry
from realtime.database import in_database, read_database


def _fill() -> None:
    write_entries(
        KnowledgeEntry(
            key=f"k-{n}",
            language="en",
            question=f"alpha{n} where is thing",
            alternatives="\n".join(f"beta{n} way{m} of asking it" for m in range(9)),
            answer="a",
        )
        for n in range(5000)
    )


@pytest.mark.django_db(transaction=True)
async def test_others_read_while_the_index_of_words_is_filled() -> None:
    """5,000 entries; 20,000 take four times as long, which is more than a reader waits."""
    await in_database(_fill)
    await read_database(current_revision)
    asking = asyncio.create_task(search.find("where is my parcel"))
    await asyncio.sleep(0.05)
    begun = time.monotonic()
    await read_database(current_revision)
    waited = time.monotonic() - begun
    await asking
    assert waited < 0.2
