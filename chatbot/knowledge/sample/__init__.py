"""What the bot knows in the demonstration: an online shop's common questions, in English and Chinese.

The files are as `manage.py import_knowledge` takes them; the two languages have the same topics under the same numbers.
"""

import json
from pathlib import Path

from django.db.models import Q

from chatbot.knowledge.entries import write_entry
from chatbot.models import KnowledgeEntry, Language

FOLDER = Path(__file__).parent


def demo_entries() -> list[KnowledgeEntry]:
    """What the bot knows in the demonstration, not yet written."""
    return [
        KnowledgeEntry(
            key=row["id"],
            language=row["language"],
            question=row["question"],
            alternatives="\n".join(row["alternatives"]),
            answer=row["answer"],
        )
        for language in (Language.ENGLISH, Language.CHINESE)
        for row in map(json.loads, (FOLDER / f"{language}.jsonl").read_text(encoding="utf-8").splitlines())
    ]


def load_demo_answers() -> None:
    """Write it. Idempotent: an answer that exists is left as it was edited."""
    for entry in demo_entries():
        known = Q(key=entry.key) | Q(language=entry.language, question=entry.question)
        if not KnowledgeEntry.objects.filter(known).exists():
            write_entry(entry)
