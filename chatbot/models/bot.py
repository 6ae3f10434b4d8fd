"""What the bot knows, and the answers that it still owes."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chatbot.models.message import MAX_CONTENT_LENGTH, Message
from chatbot.models.session import Language


class BotAnswer(models.Model):
    """A question that the bot can answer. Edited in the admin."""

    question = models.CharField(_("question"), max_length=200)
    keywords = models.CharField(
        _("keywords"),
        max_length=500,
        blank=True,
        help_text=_("Other words customers use for it, separated by commas. A message that contains one matches."),
    )
    answer = models.TextField(_("answer"), max_length=MAX_CONTENT_LENGTH)
    language = models.CharField(_("language"), max_length=16, choices=Language)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("bot answer")
        verbose_name_plural = _("bot answers")
        ordering = ["language", "question"]
        constraints = [models.UniqueConstraint(fields=["language", "question"], name="answer_once_per_question")]

    def __str__(self) -> str:
        return self.question


TURN_LEASE = timedelta(seconds=10)


def lease_has_run_out() -> models.Q:
    """Of bot turns. One that ends later than any begun now was taken before the clock went back: it ran out, too."""
    return models.Q(lease_until__lte=Now()) | models.Q(lease_until__gt=Now() + TURN_LEASE)


class BotTurn(models.Model):
    """An answer that the bot owes to a customer's message; deleted when it is given.

    A process works on it until `lease_until` (database clock); after that any process may take it over, which raises
    `attempts`, so that the first one notices.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="bot_turn")
    lease_until = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("bot turn")
        verbose_name_plural = _("bot turns")

    def __str__(self) -> str:
        return f"turn for message {self.message_id}"
