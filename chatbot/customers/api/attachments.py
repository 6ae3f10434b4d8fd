"""Sending files and reading them."""

from django.http import HttpRequest
from ninja import Router

from chatbot.conversations.attachments import AttachmentJson
from chatbot.customers.access import own_attachment, own_session
from chatbot.customers.actions.send_file import send_file
from chatbot.customers.api.guards import Holder, Sender, credentials
from chatbot.models import Attachment
from chatbot.web.files import BYTES, FORM, gives_file, takes_file

uploads = Router(tags=["attachments"])
router = Router(tags=["attachments"], auth=Holder())


@uploads.post("/{name}/attachments", auth=Sender(), response={201: AttachmentJson}, openapi_extra=dict(FORM))
@takes_file(access=own_session)
def attach(request: HttpRequest, name: str, attachment: Attachment) -> None:
    """One file, for a message to take within a day; what it shows of itself (EXIF) is taken out of a picture."""
    send_file(session_name=name, attachment=attachment, credentials=credentials(request))


@router.get("/{attachment_id}", response={200: None}, openapi_extra=dict(BYTES))
@gives_file(is_preview=False, access=own_attachment)
def read_attachment(request: HttpRequest, attachment_id: str) -> Attachment:
    """A picture to be shown; every other file to be saved."""
    return own_attachment(request, attachment_id)


@router.get("/{attachment_id}/preview", response={200: None}, openapi_extra=dict(BYTES))
@gives_file(is_preview=True, access=own_attachment)
def read_preview(request: HttpRequest, attachment_id: str) -> Attachment:
    """A picture, small, as WebP."""
    return own_attachment(request, attachment_id)
