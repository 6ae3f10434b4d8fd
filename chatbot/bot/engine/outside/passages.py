"""What of the knowledge base is sent along with a question."""

from dataclasses import dataclass

from chatbot.bot.engine.interface import Source
from chatbot.knowledge.search import Found, find
from chatbot.models import KnowledgeEntry
from realtime.database import in_database

MAX_PASSAGE_LENGTH = 1500


@dataclass(frozen=True, slots=True)
class Passage:
    """An entry of the knowledge base, as it is now."""

    question: str
    answer: str
    url: str = ""

    @property
    def source(self) -> Source:
        return Source(self.question, self.url)


async def passages_for(text: str) -> tuple[Passage, ...]:
    """Those that fit the question best, best first; perhaps none."""
    found = await find(text)
    return await in_database(_read, found) if found.candidates else ()


def _read(found: Found) -> tuple[Passage, ...]:
    keys = [each.key for each in found.candidates]
    entries = KnowledgeEntry.objects.filter(is_active=True).in_bulk(keys, field_name="key")
    return tuple(
        Passage(entries[key].question, entries[key].answer[:MAX_PASSAGE_LENGTH], entries[key].url)
        for key in keys
        if key in entries
    )
