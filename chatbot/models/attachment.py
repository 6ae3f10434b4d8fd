"""Files that people send."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chatbot.models.role import Role
from chatbot.models.session import ChatSession

MAX_FILE_NAME_LENGTH = 255

ATTACHMENT_ID_LENGTH = 22


class Attachment(models.Model):
    """A file that was sent to a session; its bytes are in the storage `attachments`, under its id.

    Until a message takes it, it is its sender's side's alone. A row outlives its session and its message, without
    them, until its file is deleted: no file is without a row (chatbot/attachments/retention.py).
    """

    id = models.CharField(primary_key=True, max_length=ATTACHMENT_ID_LENGTH, editable=False)
    session = models.ForeignKey(ChatSession, verbose_name=_("session"), null=True, on_delete=models.SET_NULL)
    message = models.ForeignKey("Message", verbose_name=_("message"), null=True, on_delete=models.SET_NULL)
    role = models.CharField(_("role"), max_length=16, choices=Role)
    place = models.PositiveSmallIntegerField(default=0)  # among those of its message
    name = models.CharField(_("name"), max_length=MAX_FILE_NAME_LENGTH)
    type = models.CharField(_("type"), max_length=100)
    size_bytes = models.BigIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"), null=True)  # in pixels, of a picture of ours
    height = models.PositiveIntegerField(_("height"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            models.Index(fields=["created_at"], name="attachment_unclaimed", condition=models.Q(message__isnull=True))
        ]

    def __str__(self) -> str:
        return self.pk

    @property
    def is_picture(self) -> bool:
        """Whether it was written anew from its pixels, and has a preview."""
        return self.width is not None
