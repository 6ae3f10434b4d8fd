"""How a conversation ended, and what its customer thought of it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chatbot.models.session import ChatSession

MAX_CLOSING_REASON_LENGTH = 40

MAX_SUMMARY_LENGTH = 2_000

MAX_COMMENT_LENGTH = 1_000

# Reasons after which nobody is asked for a rating. Others are the agents' own words.
SPAM = "spam"
SILENCE = "no_reply"


class Closing(models.Model):
    """One end of a session, which may be reopened and end again. Written by chatbot/conversations/closing.py alone."""

    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="closings", db_index=False)
    version = models.PositiveIntegerField(help_text=_("The session's version from this change on."))
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("agent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # closing_agent_latest begins with it
        help_text=_("Empty if no agent ended it."),
    )
    reason = models.CharField(_("reason"), max_length=MAX_CLOSING_REASON_LENGTH, blank=True)
    summary = models.CharField(_("summary"), max_length=MAX_SUMMARY_LENGTH, blank=True)
    follow_up_on = models.DateField(_("follow up on"), null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=MAX_COMMENT_LENGTH, blank=True)
    closed_at = models.DateTimeField(_("closed at"), db_default=Now())

    class Meta:
        verbose_name = _("end of a conversation")
        verbose_name_plural = _("ends of conversations")
        constraints = [models.UniqueConstraint(fields=["session", "version"], name="closing_once_a_version")]
        indexes = [models.Index(fields=["agent", "closed_at"], name="closing_agent_latest")]

    def __str__(self) -> str:
        return f"{self.session_id} {self.version}"
