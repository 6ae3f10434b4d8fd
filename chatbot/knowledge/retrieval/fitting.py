"""Fits what answers to the knowledge base as it is, for all processes."""

import subprocess
import tempfile
import threading
from collections.abc import Callable

from django.conf import settings
from django.db.models import Max

from chatbot.knowledge.entries import current_revision
from chatbot.knowledge.retrieval.in_use import archive_name
from chatbot.knowledge.retrieval.process import PROJECT, command, environment
from chatbot.knowledge.retrieval.readers import wait_for_readers
from chatbot.models import FittedKnowledge

__all__ = ["LONGEST_FIT_SECONDS", "FitFailed", "Progress", "fit", "fitted_revision", "wait_for_readers"]

# What takes longer hangs: the largest base that is promised takes three minutes of an idle core. What was fitted before
# goes on to answer.
LONGEST_FIT_SECONDS = 1_800.0

# Is told the share that is done, from 0 to 1.
Progress = Callable[[float], None]


class FitFailed(Exception):
    """The process that fits has ended, or was; says what it printed last, or that it hung."""


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
        watch = threading.Timer(LONGEST_FIT_SECONDS, process.kill)
        watch.start()
        try:
            _follow(process, progress)
        finally:
            is_in_time = watch.is_alive()
            watch.cancel()
        if not is_in_time:
            raise FitFailed(
                f"It hung: it was ended after {LONGEST_FIT_SECONDS:,.0f} s. "
                "Try again; if it hangs once more, with fewer entries."
            )
        if process.returncode:
            errors.seek(0)
            raise FitFailed(errors.read().decode(errors="replace")[-2000:])


def _follow(process: "subprocess.Popen[str]", progress: Progress | None) -> None:
    """Tell how far it is, until it has ended."""
    assert process.stdout is not None
    for line in process.stdout:
        if progress is not None:
            progress(float(line))
    process.wait()
