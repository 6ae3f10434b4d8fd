"""`manage.py requeue_stale`: nobody is left with an empty chair."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from workbench.assignment.stale import find_stale, requeue_stale

MAX_MINUTES = 7 * 24 * 60


class Command(BaseCommand):
    help = (
        "Put conversations back to the front of their queue whose agent was deactivated, or has had no page open for "
        "so many minutes. Those on hold are left alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", type=_minutes, required=True, metavar="N")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        after = timedelta(minutes=options["minutes"])
        done = 0
        for stale in find_stale(after):
            if options["dry_run"] or requeue_stale(stale, after):
                done += 1
                why = "was deactivated" if stale.is_deactivated else "has no page open"
                self.stdout.write(f"{stale.session_name}: {stale.agent} {why}")
        self.stdout.write(f"{'would re-queue' if options['dry_run'] else 're-queued'} {done} conversations")


def _minutes(text: str) -> int:
    try:
        minutes = int(text)
    except ValueError:
        minutes = -1
    if not 0 <= minutes <= MAX_MINUTES:
        raise ArgumentTypeError(f"use a whole number of minutes from 0 to {MAX_MINUTES}, not {text}")
    return minutes
