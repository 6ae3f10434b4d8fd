"""Writes what was read, in steps: a conversation never waits longer than for one of them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from chatbot.knowledge.articles import write_articles
from chatbot.knowledge.entries import write_entries
from chatbot.knowledge.importing.reading import Reading

ENTRIES_AT_ONCE = 500
ARTICLES_AT_ONCE = 20

Each = TypeVar("Each")

# Is told how many entries and articles are written.
Progress = Callable[[int], None]


def write(reading: Reading, progress: Progress = lambda done: None) -> int:
    """Write entries, then articles, a transaction a step, and return how many entries and passages they are.

    Whatever ends it in the middle, the same files again complete it.
    """
    written = done = 0
    for entries in _steps(list(reading.entries.values()), ENTRIES_AT_ONCE):
        written += write_entries(entries)
        done += len(entries)
        progress(done)
    for articles in _steps(list(reading.articles.values()), ARTICLES_AT_ONCE):
        written += write_articles(articles)
        done += len(articles)
        progress(done)
    return written


def _steps(given: Sequence[Each], size: int) -> list[Sequence[Each]]:
    return [given[start : start + size] for start in range(0, len(given), size)]
