"""What was sent to a customer by e-mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chatbot.models.session import ChatSession


class MailState(models.TextChoices):
    """What became of the last e-mail to a customer."""

    NONE = "", _("None yet")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DELAYED = "delayed", _("Will be tried again")
    FAILED = "failed", _("Failed")


class ReplyMail(models.Model):
    """How far agents' replies went to a session's customer by e-mail. Written by chatbot/mail/ledger.py alone.

    Messages up to `up_to` are not sent (again): they were, or nobody knows whether they were.
    """

    session = models.OneToOneField(ChatSession, primary_key=True, on_delete=models.CASCADE, related_name="reply_mail")
    # Since when he has unseen replies and no page open, as far as the job has looked.
    absent_since = models.DateTimeField(null=True, blank=True)
    up_to = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=MailState, default=MailState.NONE, blank=True)
    at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.session_id} {self.up_to} {self.state}"
