"""Files of a conversation: sent to it first, and then taken by a message."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, Value, When
from typing_extensions import TypedDict

from chatbot.conversations.errors import AttachmentNotFound, TooManyAttachments
from chatbot.models import Attachment, ChatSession, Message

FILE_MARK = "\N{PAPERCLIP}"  # before the name of a file in a text

URL = "/api/attachments/{id}"

CLAIMABLE = timedelta(days=1)  # after that no message can take it; an hour later it is deleted

MAX_UNCLAIMED = 50  # of one session: more than a message takes, less than fills a disk


class AttachmentJson(TypedDict):
    """A file. `width` and `height` (pixels) and `preview_url` are null for all but pictures."""

    id: str
    name: str
    type: str
    bytes: int
    width: int | None
    height: int | None
    url: str
    preview_url: str | None


def attachment_json(attachment: Attachment) -> AttachmentJson:
    """A file as the API shows it, on either service."""
    url = URL.format(id=attachment.pk)
    return {
        "id": attachment.pk,
        "name": attachment.name,
        "type": attachment.type,
        "bytes": attachment.size_bytes,
        "width": attachment.width,
        "height": attachment.height,
        "url": url,
        "preview_url": f"{url}/preview" if attachment.is_picture else None,
    }


class AttachmentLimits(TypedDict):
    """What a page says before a file is sent. `types` are extensions."""

    maxBytes: int
    types: list[str]


def attachment_limits() -> AttachmentLimits:
    """The limits of both sides, as the operator set them."""
    return {"maxBytes": settings.ATTACHMENT_MAX_BYTES, "types": list(settings.ATTACHMENT_TYPES)}


def add(session: ChatSession, attachment: Attachment) -> None:
    """Write the row of a file that was sent to a session, which must be locked. Raises TooManyAttachments."""
    if Attachment.objects.filter(session=session, message=None).count() >= MAX_UNCLAIMED:
        raise TooManyAttachments
    attachment.session = session
    attachment.save(force_insert=True)


def claim(message: Message, ids: Sequence[str], *, now: datetime) -> list[Attachment]:
    """Give a message the files with these ids, in their order.

    Raises AttachmentNotFound, with the transaction to be undone, if one is not of the message's session and side, has
    been taken already, or is older than CLAIMABLE. The session must be locked.
    """
    unclaimed = Attachment.objects.filter(
        pk__in=ids, session=message.session, role=message.role, message=None, created_at__gt=now - CLAIMABLE
    )
    places = Case(*(When(pk=pk, then=Value(place)) for place, pk in enumerate(ids)))
    if unclaimed.update(message=message, place=places) < len(ids):
        raise AttachmentNotFound
    return list(Attachment.objects.filter(message=message).order_by("place"))


def read_files(messages: Sequence[Message]) -> None:
    """Set `files` of each message; one query for all."""
    files: dict[int, list[Attachment]] = defaultdict(list)
    ids = [message.pk for message in messages]
    for each in Attachment.objects.filter(message__in=ids).order_by("place") if ids else ():
        files[each.message_id or 0].append(each)
    for message in messages:
        message.files = files.get(message.pk, ())
