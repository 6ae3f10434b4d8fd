"""What an agent has chosen, and where his pages are open."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatbot.models.presence import PresenceHolder

MAX_AVAILABILITY_REASON_LENGTH = 80

DEFAULT_CAPACITY = 5


class Availability(models.TextChoices):
    """An agent's own choice. It survives a lost connection, and says nothing about it."""

    AVAILABLE = "available", _("Available")
    BUSY = "busy", _("Busy")
    AWAY = "away", _("Away")


class AgentState(models.Model):
    """Of an agent whose page was open once; one without a row is as the defaults say."""

    agent = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    availability = models.CharField(
        _("availability"), max_length=16, choices=Availability, default=Availability.AVAILABLE
    )
    reason = models.CharField(_("reason"), max_length=MAX_AVAILABILITY_REASON_LENGTH, blank=True)
    capacity = models.PositiveSmallIntegerField(_("conversations at once"), default=DEFAULT_CAPACITY)
    # As last noted: a process holds a stream of his, or lost the last one less than the grace ago.
    is_connected = models.BooleanField(_("connected"), default=False)
    # Since when he could be offered something: the later of "available" and "connected". Null while he cannot.
    able_since = models.DateTimeField(_("able since"), null=True, blank=True)
    # When he last got or ended a conversation: of agents with equally many, the longest idle comes first.
    idle_since = models.DateTimeField(_("idle since"), null=True, blank=True)
    # When he last did something at his desk, as far as it was noted: an open page alone is no sign of that.
    last_input_at = models.DateTimeField(_("last input"), null=True, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)

    class Meta:
        verbose_name = _("agent's state")
        verbose_name_plural = _("agents' states")

    def __str__(self) -> str:
        return f"{self.agent_id} {self.availability}"


class AvailabilityReason(models.Model):
    """What agents may pick when they say why; the list only suggests."""

    availability = models.CharField(_("availability"), max_length=16, choices=Availability)
    text = models.CharField(_("reason"), max_length=MAX_AVAILABILITY_REASON_LENGTH)

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        ordering = ["availability", "text"]
        constraints = [models.UniqueConstraint(fields=["availability", "text"], name="reason_once")]

    def __str__(self) -> str:
        return self.text


class AgentPresence(models.Model):
    """A process holds a stream of this agent's pages."""

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    holder = models.ForeignKey(PresenceHolder, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "holder"], name="agent_once_per_process")]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.holder_id}"


class AgentInterval(models.Model):
    """How long an agent was in a state; the open one has no end. chatbot/conversations/intervals.py alone writes it."""

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=16)  # an Availability, or "offline"
    reason = models.CharField(_("reason"), max_length=MAX_AVAILABILITY_REASON_LENGTH, blank=True)
    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["agent", "began_at"], name="agent_interval_latest")]
        constraints = [
            models.UniqueConstraint(
                fields=["agent"], condition=models.Q(ended_at__isnull=True), name="one_state_of_an_agent"
            )
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.state} {self.began_at}"
