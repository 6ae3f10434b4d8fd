"""What is written in a conversation."""

from collections.abc import Sequence

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chatbot.models.attachment import Attachment
from chatbot.models.role import Role
from chatbot.models.session import ChatSession

MAX_CONTENT_LENGTH = 4000

MAX_CLIENT_ID_LENGTH = 64

SYSTEM_SENDER = "system"


class Message(models.Model):
    """One message. Ids ascend within a session, since its row is locked before a message gets one."""

    # What it carries, in order, where that was read (chatbot/conversations/attachments.py) or it carries nothing.
    files: Sequence[Attachment] = ()

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
    # Of the bot's messages: chatbot/conversations/bot_reply.py says what it holds.
    reply = models.JSONField(null=True, blank=True, editable=False)

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

    @property
    def notice(self) -> str | None:
        """What a system message tells of ("taken"), null if nobody said; its sender carries it."""
        sender, _, cause = self.sender.partition(":")
        return cause or None if sender == SYSTEM_SENDER else None
