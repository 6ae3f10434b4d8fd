"""`manage.py queue_status`: how each team's queue stands."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from workbench.lists.queue_status import QueueStatus, queue_statuses

HEADINGS = ("team", "waiting", "longest wait", "able", "connected", "live", "offers")


class Command(BaseCommand):
    help = (
        "Show how many wait for each team and for how long, how many of its agents are able (connected and available) "
        "and connected, its live conversations and its open offers."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [HEADINGS, *map(_cells, queue_statuses())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for first, *numbers in rows:
            cells = [
                first.ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)),
            ]
            self.stdout.write("  ".join(cells))


def _cells(status: QueueStatus) -> tuple[str, ...]:
    numbers = (status.able, status.connected, status.live, status.offers)
    return status.team, str(status.waiting), _duration(status.longest_wait), *map(str, numbers)


def _duration(period: timedelta | None) -> str:
    """Hours, minutes and seconds; `-` for none."""
    return "-" if period is None else str(timedelta(seconds=max(0, int(period.total_seconds()))))
