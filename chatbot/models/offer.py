"""A session that is offered to an agent."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatbot.models.session import ChatSession

MAX_NOTE_LENGTH = 1_000


class OfferEnd(models.TextChoices):
    """How an offer ended."""

    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Ran out")
    TAKEN = "taken", _("Taken by somebody")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Offer(models.Model):
    """A lease on a session: while it is open, no other offer of that session is made.

    `sender` is null where the queue offers a waiting session; else he transfers his live one, and keeps it until the
    receiver accepts.
    """

    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="offers", db_index=False)
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("offered to"), on_delete=models.CASCADE, related_name="+"
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("transferred by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    note = models.CharField(_("note"), max_length=MAX_NOTE_LENGTH, blank=True)
    # Why this agent: facts, from which each reader gets a sentence in his language.
    why = models.JSONField(_("why"), default=dict)
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("runs out"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end = models.CharField(_("end"), max_length=16, choices=OfferEnd, blank=True)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=models.Q(ended_at__isnull=True), name="one_open_offer_a_session"
            )
        ]
        indexes = [
            models.Index(fields=["session", "made_at"], name="offer_session_latest"),
            models.Index(fields=["expires_at"], name="offer_open_by_end", condition=models.Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} to {self.receiver_id}"
