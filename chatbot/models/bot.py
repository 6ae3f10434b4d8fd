"""Who answers as the bot, the answers that it still owes, and what became of those that it gave."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chatbot.models.engine import BotEngine
from chatbot.models.knowledge import MAX_KEY_LENGTH
from chatbot.models.message import Message
from chatbot.models.session import ChatSession, Language, Status
from realtime.log.leases import has_run_out

TURN_LEASE = timedelta(seconds=10)


def may_be_taken() -> models.Q:
    """Of bot turns: nobody works on them. While the customer waits for people, none is worked on."""
    return has_run_out("lease_until", TURN_LEASE) & ~models.Q(message__session__status=Status.PENDING_MANUAL)


class BotTurn(models.Model):
    """An answer that the bot owes to a customer's message; deleted when it is given.

    A process works on it until `lease_until` (database clock); after that any process may take it over, which raises
    `attempts`, so that the first one notices.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="bot_turn")
    lease_until = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField(default=1)
    # What this attempt has shown so far: written before it is shown, so that a page that reloads misses nothing.
    shown = models.TextField(blank=True, db_default="")
    shown_index = models.PositiveIntegerField(default=0, db_default=0)
    # How many of its answers were interrupted, and are stored as far as they came.
    fragments = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_stopped = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("bot turn")
        verbose_name_plural = _("bot turns")

    def __str__(self) -> str:
        return f"turn for message {self.message_id}"


class BotThread(models.Model):
    """What a bot outside calls the conversation of a session: it keeps what was said there under this name."""

    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="+", db_index=False)
    engine = models.ForeignKey(BotEngine, on_delete=models.CASCADE, related_name="+", db_index=False)
    thread = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "engine"], name="one_thread_per_engine")]

    def __str__(self) -> str:
        return self.thread


class AnswerFeedback(models.Model):
    """What a customer said of an answer: whether it helped."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="feedback")
    entry = models.CharField(_("entry"), max_length=MAX_KEY_LENGTH, blank=True)
    is_helpful = models.BooleanField(_("helpful"))
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.message_id} {self.is_helpful}"


class UnansweredQuestion(models.Model):
    """A question that the bot was not sure of. Near ones have the same `group`: the id of the first of them."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(_("question"), max_length=300)
    language = models.CharField(_("language"), max_length=16, choices=Language)
    confidence = models.FloatField(_("confidence"), default=0.0)
    group = models.BigIntegerField(_("group"), null=True, blank=True, db_index=True)
    is_done = models.BooleanField(_("done"), default=False)
    asked_at = models.DateTimeField(_("asked"), db_default=Now())

    class Meta:
        verbose_name = _("unanswered question")
        verbose_name_plural = _("unanswered questions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text
