"""Fits what answers to the knowledge base as it is, for all processes."""

import subprocess
import tempfile
from collections.abc import Callable

from django.conf import settings
from django.db.models import Max

from chatbot.knowledge.entries import current_revision
from chatbot.knowledge.retrieval.in_use import archive_name
from chatbot.knowledge.retrieval.process import PROJECT, command, environment
from chatbot.knowledge.retrieval.readers import wait_for_readers
from chatbot.models import FittedKnowledge

__all__ = ["FitFailed", "Progress", "fit", "fitted_revision", "wait_for_readers"]

# Is told the share that is done, from 0 to 1.
Progress = Callable[[float], None]


class FitFailed(Exception):
    """The process that fits has ended; says what it printed last."""


def fit(progress: Progress | None = None) -> int:
    """Fit to the knowledge base as it is now, write what was fitted, and return the revision that it belongs to.

    Takes from seconds to minutes, in a process of its own; call it outside a transaction. Where BOT_ENCODER is off, and
    where what was fitted last is of this revision, it returns at once. Raises FitFailed.
    """
    revision = current_revision()
    if settings.BOT_ENCODER and fitted_revision() < revision:
        _run(progress)
        revision = fitted_revision()
    if progress is not None:
        progress(1.0)
    return revision


def fitted_revision() -> int:
    """That of what was fitted last, to the encoders in use; 0 where nothing was."""
    return FittedKnowledge.objects.filter(encoder=archive_name()).aggregate(newest=Max("revision"))["newest"] or 0


def _run(progress: Progress | None) -> None:
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command("fit"),
            cwd=PROJECT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if progress is not None:
                progress(float(line))
        if process.wait():
            errors.seek(0)
            raise FitFailed(errors.read().decode(errors="replace")[-2000:])
