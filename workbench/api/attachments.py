"""Sending files and reading them."""

from django.http import HttpRequest
from ninja import Router

from chatbot.conversations.attachments import AttachmentJson
from chatbot.conversations.errors import InvalidStatus, NotAssignee
from chatbot.conversations.names import check_name
from chatbot.models import Attachment
from chatbot.web.files import BYTES, FORM, gives_file, takes_file
from workbench.access.agents import logged_in_agent
from workbench.access.sessions import readable_attachment
from workbench.actions.send_file import send_file
from workbench.api.guards import Sender, check_assigned

uploads = Router(tags=["attachments"])
router = Router(tags=["attachments"])


@uploads.post("/{name}/attachments", auth=Sender(), response={201: AttachmentJson}, openapi_extra=dict(FORM))
@takes_file(NotAssignee, InvalidStatus, access=check_assigned)
def attach(request: HttpRequest, name: str, attachment: Attachment) -> None:
    """One file, for a message to take within a day; what it shows of itself (EXIF) is taken out of a picture."""
    agent = logged_in_agent(request)
    check_name(name)
    send_file(session_name=name, agent=agent, attachment=attachment)


def find_readable(request: HttpRequest, attachment_id: str) -> Attachment:
    return readable_attachment(logged_in_agent(request), attachment_id)


@router.get("/{attachment_id}", response={200: None}, openapi_extra=dict(BYTES))
@gives_file(is_preview=False, access=find_readable)
def read_attachment(request: HttpRequest, attachment_id: str) -> Attachment:
    """A picture to be shown; every other file to be saved."""
    return find_readable(request, attachment_id)


@router.get("/{attachment_id}/preview", response={200: None}, openapi_extra=dict(BYTES))
@gives_file(is_preview=True, access=find_readable)
def read_preview(request: HttpRequest, attachment_id: str) -> Attachment:
    """A picture, small, as WebP."""
    return find_readable(request, attachment_id)
