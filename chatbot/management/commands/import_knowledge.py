"""`manage.py import_knowledge`: entries and articles of files into the knowledge base."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatbot.knowledge.importing.ids import check_ids
from chatbot.knowledge.importing.reading import Reading, Remark, WrongFiles, read_files
from chatbot.knowledge.importing.writing import Progress, write
from chatbot.knowledge.retrieval.fitting import FitFailed, fit, wait_for_readers
from chatbot.models import Language

BAR_WIDTH = 40
PER_CENT = 100
SHOWN_REMARKS = 20

HELP = """Import files into the knowledge base. An id that is known is replaced. Nothing is written if a line is wrong.

  .jsonl  a line an entry: {"id", "language", "question", "alternatives": ["…"], "answer", "url"}
  .csv    the same columns, named in the first line; alternatives separated by | or by line breaks
  .md     an article; the file's name is its id, its first heading the title, or front matter says title, language, url

language is en or zh-hans; alternatives and url may be left out."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--language",
            choices=Language.values,
            default="",
            help="of articles that do not say theirs (by default it is found by their words)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        reading = self._read(options["files"], options["language"])
        total = len(reading.entries) + len(reading.articles)
        written = write(reading, self._bar("writing", total))
        serves = self._serve()
        seconds = time.monotonic() - began
        self.stdout.write(
            f"imported {len(reading.entries)} entries and {len(reading.articles)} articles "
            f"({written} entries and passages) in {seconds:.1f} s"
        )
        if not serves:
            raise CommandError(
                "Everything is written, but a service still answers from what was there before. It goes on trying; "
                "if its log has errors, restart it."
            )

    def _serve(self) -> bool:
        """Fit to what was written, and wait for the services that run; whether all of them answer from it."""
        show = self._bar("fitting", PER_CENT)
        try:
            revision = fit(lambda share: show(round(share * PER_CENT)))
        except FitFailed as failed:
            raise CommandError(
                f"Everything is written, but could not be fitted; the services go on trying. It said:\n{failed}"
            ) from None
        return wait_for_readers(revision)

    def _read(self, files: list[Path], language: str) -> Reading:
        try:
            reading = read_files(files, language=language)
            check_ids(reading)
        except WrongFiles as wrong:
            raise CommandError("\n".join([*_shown(wrong.problems), "Nothing was written."])) from None
        for line in _shown(reading.warnings):
            self.stderr.write(line)
        return reading

    def _bar(self, what: str, total: int) -> Progress:
        """A line that is written over and over on a terminal; nothing elsewhere."""
        if not self.stderr.isatty():
            return lambda done: None

        def show(done: int) -> None:
            filled = BAR_WIDTH * done // total
            end = "\n" if done == total else ""
            self.stderr.write(f"\r{what} [{'#' * filled:<{BAR_WIDTH}}] {done}/{total}", ending=end)

        return show


def _shown(remarks: list[Remark]) -> list[str]:
    more = len(remarks) - SHOWN_REMARKS
    return [*map(str, remarks[:SHOWN_REMARKS]), *([f"and {more} more"] if more > 0 else [])]
