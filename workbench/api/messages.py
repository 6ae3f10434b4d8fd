"""Writing to a customer."""

from django.http import HttpRequest
from ninja import Router, Status

from chatbot.conversations.errors import AttachmentNotFound, InvalidStatus, MessageNotFound, NotAssignee
from chatbot.conversations.events import MessageJson
from chatbot.conversations.names import check_name
from chatbot.web.bodies import Json
from chatbot.web.json_api import changes, reads_together
from chatbot.web.schemas import MessageBody, ReceiptsBody, TypingBody
from workbench.access.agents import logged_in_agent
from workbench.access.sessions import readable_session
from workbench.actions.confirm_messages import confirm_messages
from workbench.actions.reply import reply
from workbench.actions.tell_typing import tell_typing
from workbench.api.guards import check_readable

router = Router(tags=["messages"])


@router.post("/{name}/messages", response={201: MessageJson, 200: MessageJson})
@changes(NotAssignee, InvalidStatus, AttachmentNotFound, access=check_readable)
def write_message(request: HttpRequest, name: str, body: Json[MessageBody]) -> Status[MessageJson]:
    """The same `client_id` again is the same message: it is returned as it was written first, with 200."""
    agent = logged_in_agent(request)
    check_name(name)
    message, created = reply(
        session_name=name,
        agent=agent,
        content=body.content,
        client_id=body.client_id,
        attachments=body.attachments,
    )
    return Status(201 if created else 200, message)


@router.post("/{name}/receipts", response={204: None})
@changes(NotAssignee, MessageNotFound, access=check_readable)
def confirm(request: HttpRequest, name: str, body: Json[ReceiptsBody]) -> Status[None]:
    """Never backwards; `seen` implies `delivered`. Only messages of the customer can be confirmed.

    The customer sees the assignee's; what others have seen changes only their own `unread`.
    """
    agent = logged_in_agent(request)
    check_name(name)
    confirm_messages(session_name=name, agent=agent, delivered=body.delivered, seen=body.seen)
    return Status(204, None)


@router.post("/{name}/typing", response={204: None})
@reads_together(NotAssignee, access=check_readable)
def typing(request: HttpRequest, name: str, body: Json[TypingBody]) -> Status[None]:
    """To be called while the assignee writes, every few seconds; more than one in 2 s is swallowed."""
    agent = logged_in_agent(request)
    tell_typing(readable_session(agent, name), agent=agent, active=body.active)
    return Status(204, None)
