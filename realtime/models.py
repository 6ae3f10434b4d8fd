"""The event log: the truth about what was sent on each channel."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ChannelHead(models.Model):
    """How far a channel's log goes: events pruned+1 … last are there, without holes."""

    channel = models.CharField(max_length=80, primary_key=True)
    last = models.BigIntegerField(default=0)
    pruned = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return self.channel


class LoggedEvent(models.Model):
    """One durable event. `envelope` is the JSON that went over the wire, byte for byte.

    Without a `number` it is not to be read yet, and the envelope has no id (realtime/log/numbering.py).
    """

    channel = models.CharField(max_length=80)
    number = models.BigIntegerField(null=True)
    type = models.CharField(max_length=64)
    envelope = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [models.UniqueConstraint(fields=["channel", "number"], name="event_number_in_channel")]
        indexes = [models.Index(fields=["channel"], condition=models.Q(number=None), name="event_waiting")]

    def __str__(self) -> str:
        return f"{self.channel} {self.number} {self.type}"


class Lease(models.Model):
    """Who may do a job that only one process at a time should do, and until when by the database's clock."""

    name = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=64)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.holder}"
