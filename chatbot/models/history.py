"""What happened to a session, and for how long it waited, was live, was on hold: from these rows reports are made."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatbot.models.session import ChatSession
from chatbot.models.team import Team


class By(models.TextChoices):
    """Who does something to a session."""

    AGENT = "agent", _("Agent")
    CUSTOMER = "customer", _("Customer")
    BOT = "bot", _("Assistant")
    SYSTEM = "system", _("System")


class What(models.TextChoices):
    """What can happen to a session."""

    ESCALATED = "escalated", _("Asked for an agent")
    GAVE_UP = "gave_up", _("Stopped waiting")
    TAKEN = "taken", _("Taken over")
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Offer accepted")
    DECLINED = "declined", _("Offer declined")
    EXPIRED = "expired", _("Offer ran out")
    WITHDRAWN = "withdrawn", _("Offer withdrawn")
    TRANSFERRED = "transferred", _("Transferred")
    MOVED = "moved", _("Moved to another team")
    REQUEUED = "requeued", _("Back to the queue")
    RELEASED = "released", _("Given back to the assistant")
    HELD = "held", _("Put on hold")
    RESUMED = "resumed", _("Resumed")
    PRIORITISED = "prioritised", _("Priority changed")
    LABELLED = "labelled", _("Labels changed")
    NOTED = "noted", _("Customer's data changed")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")


class HistoryEntry(models.Model):
    """One line of a session's history. Written by chatbot/conversations/history.py alone, with the change itself."""

    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="history", db_index=False)
    at = models.DateTimeField(_("at"))
    what = models.CharField(_("what"), max_length=16, choices=What)
    by = models.CharField(_("by"), max_length=16, choices=By)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # Facts, from which each reader gets a sentence in his language; never what a customer wrote.
    why = models.JSONField(_("why"), default=dict)

    class Meta:
        verbose_name = _("history")
        verbose_name_plural = _("history")
        ordering = ["id"]
        indexes = [models.Index(fields=["session", "id"], name="history_of_session")]

    def __str__(self) -> str:
        return f"{self.session_id} {self.what}"


class Phase(models.TextChoices):
    """What a session's time goes by."""

    WAITING = "waiting", _("Waiting")
    LIVE = "live", _("With an agent")
    HOLD = "hold", _("On hold")


class SessionInterval(models.Model):
    """How long a session was in a phase; an open one has no end. chatbot/conversations/intervals.py alone writes it."""

    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="intervals", db_index=False)
    phase = models.CharField(_("phase"), max_length=8, choices=Phase)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["began_at"], name="interval_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "phase"], condition=models.Q(ended_at__isnull=True), name="one_interval_of_a_phase"
            )
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.phase} {self.began_at}"
