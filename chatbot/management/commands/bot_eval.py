"""`manage.py bot_eval FILE`: how well the knowledge base answers questions whose answer is known."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from chatbot.knowledge.evaluation import BadQuestions, Limits, Scores, evaluate, read_questions
from chatbot.knowledge.retrieval.fitting import FitFailed, fit
from chatbot.knowledge.retrieval.in_use import INSTALL_SECOND, is_second_installed
from chatbot.knowledge.retrieval.process import end_answerer
from chatbot.knowledge.search import find_at_leisure

BAR_WIDTH = 40
ROWS = {
    "accuracy": "the best candidate is right",
    "auroc": "told from questions out of scope (AUROC)",
    "answered": "answered outright",
    "suggested": "suggested (did you mean)",
    "refused": "refused",
    "wrong": "answered outright, and wrong",
    "out_of_scope_answered": "out of scope, answered outright",
    "ms_p50": "ms a question, median",
    "ms_p99": "ms a question, 99 of 100 within",
}
ENCODERS = ("off", "on", "two")
COMPARABLE = "BOT_ENCODER=off (or on, or two), ANSWER_ABOVE=0.6 or SUGGEST_ABOVE=0.2"


class Command(BaseCommand):
    help = (
        'Ask the knowledge base the questions of a file of JSON lines {"text", "id"}: id is that of the entry that '
        "answers it, null where none does. What is fitted is brought up to date first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="questions, one JSON object a line")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
        parser.add_argument("--compare", metavar="SETTING", help=f"a second run beside it: {COMPARABLE}")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"] and options["compare"]:
            raise CommandError("--json prints one run; leave --compare out, or --json")
        encoders, limits = int(settings.BOT_ENCODER), Limits()
        other = None if options["compare"] is None else _other_run(options["compare"], limits)
        try:
            questions = read_questions(options["file"])
            fit(self._bar("fitting"))
            runs = {"shipped": evaluate(questions, find_at_leisure, limits, self._bar("asking"))}
            if other is not None:
                settings.BOT_ENCODER, limits = encoders if other[0] is None else other[0], other[1]
                end_answerer()
                fit(self._bar("fitting"))
                runs[options["compare"]] = evaluate(questions, find_at_leisure, limits, self._bar("asking"))
        except (BadQuestions, FitFailed) as error:
            raise CommandError(str(error)) from error
        finally:
            settings.BOT_ENCODER = encoders
        self.stdout.write(runs["shipped"].as_json() if options["json"] else _table(runs))

    def _bar(self, what: str) -> Callable[[float], None]:
        """A line that is written over and over on a terminal; nothing elsewhere."""
        if not self.stderr.isatty():
            return lambda done: None

        def show(done: float) -> None:
            scale = f"{what:8} [{'#' * int(BAR_WIDTH * done):<{BAR_WIDTH}}] {done:4.0%}"
            self.stderr.write(f"\r{scale}", ending="\n" if done >= 1 else "")

        return show


def _other_run(change: str, limits: Limits) -> tuple[int | None, Limits]:
    """(BOT_ENCODER if it is what changes, limits). Raises CommandError."""
    name, _, value = change.partition("=")
    if change == "BOT_ENCODER=two" and not is_second_installed():
        raise CommandError(f"the second encoder is not installed: {INSTALL_SECOND}")
    try:
        if name == "BOT_ENCODER" and value in ENCODERS:
            return ENCODERS.index(value), limits
        if name == "ANSWER_ABOVE":
            return None, replace(limits, answer=float(value))
        if name == "SUGGEST_ABOVE":
            return None, replace(limits, suggest=float(value))
    except ValueError:
        pass
    raise CommandError(f"--compare {change}: use {COMPARABLE}")


def _table(runs: Mapping[str, Scores]) -> str:
    lines = [" " * 42 + "".join(f"{name:>22}" for name in runs)]
    for field, title in ROWS.items():
        values = [asdict(scores)[field] for scores in runs.values()]
        lines.append(f"{title:42}" + "".join(f"{_show(field, value):>22}" for value in values))
    return "\n".join(line.rstrip() for line in lines)


def _show(field: str, value: float | None) -> str:
    if value is None:
        return "–"
    if field.startswith("ms"):
        return f"{value:.1f}"
    return f"{value:.3f}" if field == "auroc" else f"{value * 100:.1f} %"
