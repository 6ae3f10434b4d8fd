"""`manage.py prune_events`: cut from the log what is older than the retention."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from realtime.log.retention import prune


class Command(BaseCommand):
    help = "Cut events that are older than the retention. The services do it daily; safe to run beside them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=float, default=settings.REALTIME_RETENTION_DAYS, help="default: %(default)s")

    def handle(self, *args: Any, days: float, **options: Any) -> None:
        if days < 0:
            raise CommandError("--days must not be negative")
        self.stdout.write(f"pruned {prune(timedelta(days=days))} events")
