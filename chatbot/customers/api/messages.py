"""Writing to the bot or to the agent."""

from django.http import HttpRequest
from ninja import Router, Status

from chatbot.conversations.errors import AttachmentNotFound, MessageNotFound
from chatbot.conversations.events import MessageJson
from chatbot.customers.access import own_session
from chatbot.customers.actions.confirm_messages import confirm_messages
from chatbot.customers.actions.give_feedback import give_feedback
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.customers.actions.stop_answer import stop_answer
from chatbot.customers.api.guards import credentials
from chatbot.models import ChatSession
from chatbot.web.bodies import Body, Json
from chatbot.web.json_api import changes
from chatbot.web.schemas import MessageBody, ReceiptsBody

router = Router(tags=["messages"])


class FeedbackBody(Body):
    """Whether an answer helped."""

    helpful: bool


def own_session_of_message(request: HttpRequest, name: str, message_id: str) -> ChatSession:
    """Which message it is only counts afterwards."""
    return own_session(request, name)


@router.post("/{name}/messages", response={201: MessageJson, 200: MessageJson})
@changes(AttachmentNotFound, access=own_session)
def write_message(request: HttpRequest, name: str, body: Json[MessageBody]) -> Status[MessageJson]:
    """The same `client_id` again is the same message: it is returned as it was written first, with 200."""
    message, created = post_customer_message(
        session_name=name,
        content=body.content,
        client_id=body.client_id,
        attachments=body.attachments,
        credentials=credentials(request),
    )
    return Status(201 if created else 200, message)


@router.post("/{name}/receipts", response={204: None})
@changes(MessageNotFound, access=own_session)
def confirm(request: HttpRequest, name: str, body: Json[ReceiptsBody]) -> Status[None]:
    """Never backwards; `seen` implies `delivered`. Only messages of an agent or of the bot can be confirmed."""
    confirm_messages(session_name=name, delivered=body.delivered, seen=body.seen, credentials=credentials(request))
    return Status(204, None)


@router.post("/{name}/stop", response={202: None})
@changes(access=own_session)
def stop(request: HttpRequest, name: str) -> Status[None]:
    """The bot says no more; what it has shown is stored as its answer. 202 also where it is not writing."""
    stop_answer(session_name=name, credentials=credentials(request))
    return Status(202, None)


@router.post("/{name}/messages/{message_id}/feedback", response={204: None})
@changes(MessageNotFound, access=own_session_of_message)
def judge(request: HttpRequest, name: str, message_id: str, body: Json[FeedbackBody]) -> Status[None]:
    """Of an answer of the bot, as often as one likes: the last time counts. MESSAGE_NOT_FOUND for anything else."""
    give_feedback(session_name=name, message_id=message_id, is_helpful=body.helpful, credentials=credentials(request))
    return Status(204, None)
