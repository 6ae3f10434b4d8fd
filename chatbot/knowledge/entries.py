"""The only writer of the knowledge base. Each change counts, so that every process sees what is new to it."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from chatbot.models import KnowledgeEntry, KnowledgeRevision

# What an import replaces of an entry whose key is known.
CONTENT = ("language", "question", "alternatives", "answer", "url", "article", "is_active", "revision")


def write_entries(entries: Iterable[KnowledgeEntry]) -> int:
    """Write entries, each in place of that with its key, and return how many. Locks the revision."""
    written = list(entries)
    with transaction.atomic():
        revision = next_revision()
        for entry in written:
            entry.revision = revision
        KnowledgeEntry.objects.bulk_create(
            written, update_conflicts=True, unique_fields=["key"], update_fields=CONTENT, batch_size=500
        )
    return len(written)


def write_entry(entry: KnowledgeEntry) -> None:
    """Write one that may have a new key. Locks the revision."""
    with transaction.atomic():
        entry.revision = next_revision()
        entry.save()


def delete_entries(keys: Iterable[str]) -> int:
    """Delete entries and return how many there were. Locks the revision."""
    with transaction.atomic():
        next_revision()
        deleted, _ = KnowledgeEntry.objects.filter(key__in=list(keys)).delete()
    return deleted


def next_revision() -> int:
    """The number of this transaction's change; others that change something wait for its end."""
    KnowledgeRevision.objects.get_or_create(pk=1)
    KnowledgeRevision.objects.filter(pk=1).update(revision=F("revision") + 1)
    return current_revision()


def current_revision() -> int:
    """0 before anything was written."""
    return KnowledgeRevision.objects.filter(pk=1).values_list("revision", flat=True).first() or 0


def phrasings(entry: KnowledgeEntry) -> list[str]:
    """All ways in which an entry's question is known, its own first."""
    others = (" ".join(line.split()) for line in entry.alternatives.splitlines())
    return list(dict.fromkeys([entry.question, *(line for line in others if line)]))
