"""`manage.py prune_attachments`: delete files that nobody sent, and those of conversations that are gone."""

from typing import Any

from django.core.management.base import BaseCommand

from chatbot.attachments.retention import prune


class Command(BaseCommand):
    help = "Delete files that nobody sent, and those of conversations that are gone. The services do it hourly."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"deleted {prune()} files")
