"""Coming back into a conversation by the link of an e-mail."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field
from typing_extensions import TypedDict

from chatbot.conversations.errors import LinkInvalid
from chatbot.customers import access
from chatbot.customers.api.guards import Visitor
from chatbot.mail.links import MAX_LINK_LENGTH, linked_session
from chatbot.web.bodies import Body, Json, Text
from chatbot.web.json_api import anybody, changes

router = Router(tags=["sessions"])


class LinkBody(Body):
    """What stands behind `#link=` in the address."""

    link: Annotated[Text, Field(max_length=MAX_LINK_LENGTH)]


class OpenedJson(TypedDict):
    session_name: str


@router.post("", auth=Visitor(), response=OpenedJson)
@changes(LinkInvalid, access=anybody)
def open_link(request: HttpRequest, response: HttpResponse, body: Json[LinkBody]) -> OpenedJson:
    """The browser gets a cookie for this one conversation, beside what it has. Nothing is written."""
    session = linked_session(body.link)
    access.set_links_cookie(request, response, session)
    return {"session_name": session.name}
