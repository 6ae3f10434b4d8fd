"""A conversation."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chatbot.models.team import Team

MAX_NAME_LENGTH = 100

MAX_EMAIL_LENGTH = 254

MAX_PHONE_LENGTH = 40

MAX_PAGE_LENGTH = 500

MAX_REASON_LENGTH = 500

PREVIEW_LENGTH = 200


class Status(models.TextChoices):
    """Who a session is with; chatbot/conversations/lifecycle.py says which may follow which."""

    BOT_ACTIVE = "bot_active", _("With the assistant")
    PENDING_MANUAL = "pending_manual", _("Waiting for an agent")
    MANUAL_LIVE = "manual_live", _("With an agent")
    CLOSED = "closed", _("Closed")


class Language(models.TextChoices):
    """Languages that the bot answers in, by the names Django gives them."""

    ENGLISH = "en", _("English")
    CHINESE = "zh-hans", _("Simplified Chinese")


class Priority(models.IntegerChoices):
    """Within a team, who waits with a higher one comes first."""

    LOW = 0, _("Low")
    NORMAL = 1, _("Normal")
    HIGH = 2, _("High")
    URGENT = 3, _("Urgent")


# In which a queue is served. The index session_queue has this order.
QUEUE_ORDER = ("-priority", "waiting_since", "id")


class ChatSession(models.Model):
    """One conversation. Status, assignee and version are written by chatbot/conversations/lifecycle.py alone."""

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
    customer_phone = models.CharField(_("phone"), max_length=MAX_PHONE_LENGTH, blank=True, db_default="")
    # From which the customer came to the chat.
    page = models.CharField(_("page"), max_length=MAX_PAGE_LENGTH, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=16, choices=Language, default=Language.ENGLISH)
    owner_digest = models.CharField(max_length=64, editable=False)
    token_digest = models.CharField(max_length=64, editable=False)
    # What the customer last said before asking for an agent. Defaults of the database, for services not upgraded yet.
    question = models.CharField(_("question"), max_length=PREVIEW_LENGTH, blank=True, db_default="")
    # Since when the customer has had no answer from an agent; docs/architecture.md says when it is set and cleared.
    unanswered_since = models.DateTimeField(_("unanswered since"), null=True, blank=True)
    # Up to which message each side has been given and has seen what the other wrote; 0 for none.
    customer_delivered = models.BigIntegerField(default=0, db_default=0, editable=False)
    customer_seen = models.BigIntegerField(default=0, db_default=0, editable=False)
    agent_delivered = models.BigIntegerField(default=0, db_default=0, editable=False)
    agent_seen = models.BigIntegerField(default=0, db_default=0, editable=False)
    # Null for the default team: nobody has to look up which one that is.
    team = models.ForeignKey(
        Team,
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    # Names, in the order in which they were given.
    labels = models.JSONField(_("labels"), default=list, db_default=models.Value([], models.JSONField()))
    # Since when it waits for this team, its highest priority since then, and when its priority last rose; see places.py
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    best_priority = models.PositiveSmallIntegerField(default=Priority.NORMAL, db_default=Priority.NORMAL)
    raised_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Who had it when it was closed: preferred when its customer comes back.
    last_agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    # On hold while `held_since` is set, until that moment or, without one, until the customer writes.
    held_since = models.DateTimeField(_("on hold since"), null=True, blank=True)
    hold_until = models.DateTimeField(_("on hold until"), null=True, blank=True)
    # Since when a live session, not on hold, has been waiting for its customer; when he was reminded of that.
    quiet_since = models.DateTimeField(_("customer quiet since"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("customer reminded"), null=True, blank=True)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    # What the conversation with the bot was about, for the agent who takes it.
    handover_summary = models.TextField(_("summary"), blank=True, db_default="")
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
            models.Index(fields=["status", *QUEUE_ORDER], name="session_queue"),
            models.Index(fields=["last_activity_at", "id"], name="session_latest"),
            models.Index(fields=["status", "last_activity_at", "id"], name="session_status_latest"),
            models.Index(fields=["assignee", "last_activity_at", "id"], name="session_assignee_latest"),
            # Only the few that somebody waits in: what is answered pays nothing for it.
            models.Index(
                fields=["unanswered_since", "id"],
                name="session_unanswered",
                condition=models.Q(unanswered_since__isnull=False),
            ),
            models.Index(
                fields=["status", "quiet_since"], name="session_quiet", condition=models.Q(quiet_since__isnull=False)
            ),
            models.Index(
                fields=["status", "hold_until"], name="session_hold", condition=models.Q(hold_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name
