"""Which customers have a page open."""

from datetime import timedelta

from django.db import models

from chatbot.models.session import ChatSession
from realtime.log.leases import runs

PRESENCE_LEASE = timedelta(seconds=30)


class PresenceHolder(models.Model):
    """A process that holds streams of customers. What it says counts until `lease_until`, by the database's clock."""

    name = models.CharField(max_length=64, primary_key=True)
    lease_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """A process holds a stream of this session's customer."""

    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="+", db_index=False)
    holder = models.ForeignKey(PresenceHolder, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "holder"], name="present_once_per_process")]

    def __str__(self) -> str:
        return f"{self.session_id} {self.holder_id}"


def is_held(prefix: str = "") -> models.Q:
    """Of holders whose lease runs."""
    return runs(f"{prefix}lease_until", PRESENCE_LEASE)
