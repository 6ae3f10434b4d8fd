"""Which processes answer from what was fitted, and since when: they note themselves, importers wait for them."""

import time
from datetime import timedelta

from django.db.models.functions import Now

from chatbot.models import KnowledgeReader

# A reader notes itself once a second; one that has not done so for this long has ended, or hangs.
LIVES_FOR = timedelta(seconds=10)
POLL_SECONDS = 0.2


def note_reader(name: str, revision: int) -> None:
    """Say that the process `name` answers from what was fitted at `revision`."""
    KnowledgeReader.objects.update_or_create(name=name, defaults={"revision": revision, "noted_at": Now()})


def forget_reader(name: str) -> None:
    """A process that ends; also those that have ended without a word."""
    KnowledgeReader.objects.filter(name=name).delete()
    KnowledgeReader.objects.filter(noted_at__lt=Now() - timedelta(hours=1)).delete()


def wait_for_readers(revision: int, within_seconds: float = 30.0) -> bool:
    """Wait until every process that lives answers from what was fitted at `revision` or later.

    False if one of them did not within that time. At once where none lives: they start with the first question.
    """
    deadline = time.monotonic() + within_seconds
    while KnowledgeReader.objects.filter(noted_at__gt=Now() - LIVES_FOR, revision__lt=revision).exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
