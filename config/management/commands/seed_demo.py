"""`manage.py seed_demo`: conversations to look at, in English and Chinese."""

import random
import secrets
import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import BaseCommand, CommandError

from workbench.demo.agents import all_exist
from workbench.demo.seed import Progress, remove_seeded, seed

BAR_WIDTH = 40


class Command(BaseCommand):
    help = (
        "Add conversations of a shop to the database, in English and Chinese, of all statuses and the demo agents. "
        "Nothing that exists is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--sessions", type=_positive, metavar="N", help="how many conversations to add")
        what.add_argument("--remove", action="store_true", help="delete what this command added, and nothing else")
        parser.add_argument("--days", type=_positive, default=14, metavar="D", help="the history covers D days (14)")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        if options["remove"]:
            count = remove_seeded(self._bar(0))
            self.stdout.write(f"removed {count} conversations")
            return
        _check_agents()
        count = options["sessions"]
        chance = random.Random(secrets.randbits(64))
        messages = seed(sessions=count, days=options["days"], chance=chance, progress=self._bar(count))
        seconds = time.monotonic() - began
        self.stdout.write(f"added {count} conversations with {messages} messages in {seconds:.1f} s")

    def _bar(self, total: int) -> Progress:
        """A line that is written over and over on a terminal; nothing elsewhere."""
        if not self.stderr.isatty():
            return lambda done: None

        def show(done: int) -> None:
            filled = BAR_WIDTH * done // total if total else 0
            scale = f"[{'#' * filled:<{BAR_WIDTH}}] {done}/{total}" if total else f"{done}"
            end = "\n" if done == total else ""
            self.stderr.write(f"\r{scale}", ending=end)

        return show


def _check_agents() -> None:
    if not all_exist():
        raise CommandError("the demo agents are missing: run `manage.py create_demo` first")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)
