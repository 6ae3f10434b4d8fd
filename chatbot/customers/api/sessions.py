"""Beginning a conversation, and reading it."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import Query, Router, Status
from pydantic import Field
from typing_extensions import TypedDict

from chatbot.conversations import selectors
from chatbot.conversations.events import CustomerJson, customer_json
from chatbot.conversations.names import check_name
from chatbot.conversations.selectors import SessionState
from chatbot.customers import access
from chatbot.customers.actions.change_customer import change_customer
from chatbot.customers.actions.start_session import start_session
from chatbot.customers.api.guards import Visitor, credentials
from chatbot.models import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH, MAX_PAGE_LENGTH
from chatbot.web.bodies import Body, Json, Text
from chatbot.web.json_api import anybody, changes, reads
from chatbot.web.schemas import CustomerChange, MessagePageQuery

router = Router(tags=["sessions"])


class CustomerBody(Body):
    name: Annotated[Text, Field(max_length=MAX_NAME_LENGTH)] = ""
    email: Annotated[Text, Field(max_length=MAX_EMAIL_LENGTH)] = ""


class SessionChange(Body):
    customer: CustomerChange


class ContactJson(TypedDict):
    customer: CustomerJson


class SessionBody(Body):
    """`page` is the address from which the customer came to the chat."""

    customer: CustomerBody = CustomerBody()
    page: Annotated[Text, Field(max_length=MAX_PAGE_LENGTH)] = ""


class StartedJson(TypedDict):
    """A new session. Who has the token may use it; a browser gets a cookie for that, too."""

    session_name: str
    token: str
    status: str


class SessionJson(SessionState):
    """With the position from which to open its stream."""

    position: str


@router.get("/{name}", response=SessionJson)
@reads(access=access.own_session)
def read_session(request: HttpRequest, name: str, page: Query[MessagePageQuery]) -> SessionJson:
    position = selectors.position_of([check_name(name)])
    own = access.own_session(request, name)
    return {**selectors.session_state(own, before=page.before, limit=page.limit), "position": position}


@router.patch("/{name}", response=ContactJson)
@changes(access=access.own_session)
def change_session(request: HttpRequest, response: HttpResponse, name: str, body: Json[SessionChange]) -> ContactJson:
    """The customer says who they are, and how they can be reached."""
    session = change_customer(
        session_name=name,
        name=body.customer.name,
        email=body.customer.email,
        credentials=credentials(request),
    )
    access.keep_link(request, response, session)
    return {"customer": customer_json(session)}


@router.post("", auth=Visitor(), response={201: StartedJson})
@changes(access=anybody)
def begin_session(request: HttpRequest, response: HttpResponse, body: Json[SessionBody]) -> Status[Any]:
    shown_key = access.browser_key(request)
    key = shown_key or access.make_browser_key()
    started = start_session(
        browser_key=key,
        language=translation.get_language() or "",
        customer_name=body.customer.name,
        customer_email=body.customer.email,
        page=body.page,
    )
    if shown_key is None:
        access.set_browser_cookie(response, key)
    answer: StartedJson = {
        "session_name": started.session.name,
        "token": started.token,
        "status": started.session.status,
    }
    return Status(201, answer)
