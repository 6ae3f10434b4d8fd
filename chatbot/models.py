"""Conversations: a session, its messages, what the bot knows and the answers that it still owes."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

MAX_CONTENT_LENGTH = 4000
MAX_CLIENT_ID_LENGTH = 64
MAX_NAME_LENGTH = 100
MAX_EMAIL_LENGTH = 254
MAX_REASON_LENGTH = 500
PREVIEW_LENGTH = 200


class Status(models.TextChoices):
    """Who a session is with; chatbot/lifecycle.py says which may follow which."""

    BOT_ACTIVE = "bot_active", _("With the assistant")
    PENDING_MANUAL = "pending_manual", _("Waiting for an agent")
    MANUAL_LIVE = "manual_live", _("With an agent")
    CLOSED = "closed", _("Closed")


class Role(models.TextChoices):
    """Who a message is from."""

    CUSTOMER = "customer", _("Customer")
    BOT = "bot", _("Assistant")
    AGENT = "agent", _("Agent")
    SYSTEM = "system", _("System")


class Language(models.TextChoices):
    """Languages that the bot answers in, by the names Django gives them."""

    ENGLISH = "en", _("English")
    CHINESE = "zh-hans", _("Simplified Chinese")


class ChatSession(models.Model):
    """One conversation. Status, assignee and version are written by chatbot/lifecycle.py alone."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.BOT_ACTIVE)
    # Protected: without its assignee a live session is out of reach. People who leave are deactivated, not deleted.
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("assignee"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # session_assignee_latest begins with it
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    customer_name = models.CharField(_("customer"), max_length=MAX_NAME_LENGTH, blank=True)
    customer_email = models.CharField(_("email"), max_length=MAX_EMAIL_LENGTH, blank=True)
    language = models.CharField(_("language"), max_length=16, choices=Language, default=Language.ENGLISH)
    owner_digest = models.CharField(max_length=64, editable=False)
    token_digest = models.CharField(max_length=64, editable=False)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    escalation_reason = models.CharField(_("reason"), max_length=MAX_REASON_LENGTH, blank=True)
    last_message = models.CharField(_("last message"), max_length=PREVIEW_LENGTH, blank=True)
    last_activity_at = models.DateTimeField(_("last activity"), db_default=Now())
    created_at = models.DateTimeField(_("created"), db_default=Now())
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-last_activity_at", "-id"]
        # Lists read the last three backwards. Every message moves its session to their end, where SQLite adds cheaply.
        indexes = [
            models.Index(fields=["status", "waiting_since", "id"], name="session_queue"),
            models.Index(fields=["last_activity_at", "id"], name="session_latest"),
            models.Index(fields=["status", "last_activity_at", "id"], name="session_status_latest"),
            models.Index(fields=["assignee", "last_activity_at", "id"], name="session_assignee_latest"),
        ]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One message. Ids ascend within a session, since its row is locked before a message gets one."""

    # The two have no index of their own, for which every message would pay: message_in_session begins with one, and by
    # the other asks only who deletes a user for good (which reads all messages; people who leave are deactivated).
    session = models.ForeignKey(
        ChatSession, verbose_name=_("session"), on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    role = models.CharField(_("role"), max_length=16, choices=Role)
    content = models.TextField(_("content"))
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("agent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    sender = models.CharField(_("sender"), max_length=80)
    client_id = models.CharField(_("client id"), max_length=MAX_CLIENT_ID_LENGTH)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["id"]
        indexes = [models.Index(fields=["session", "id"], name="message_in_session")]
        constraints = [
            models.UniqueConstraint(fields=["session", "sender", "client_id"], name="message_once_per_sender")
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.pk}"


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
        constraints = [
            models.UniqueConstraint(fields=["language", "question"], name="answer_once_per_question")
        ]

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
