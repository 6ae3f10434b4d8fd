"""The customers' HTTP API. Each view is a job on a database thread: authorise, read, act, answer.

An action gets what the caller shows and checks it on the row it locks, so that access costs no query of its own.

No CSRF token: the cookie is SameSite, a body must be JSON, and a foreign Origin is refused.
"""

import functools
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, Field

from chatbot.conversations import errors, selectors
from chatbot.conversations.credentials import Credentials
from chatbot.conversations.names import check_name
from chatbot.customers import access
from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.customers.actions.start_session import start_session
from chatbot.models import (
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_REASON_LENGTH,
)
from chatbot.web.client_address import client_address
from chatbot.web.digests import KEY_DIGITS
from chatbot.web.json_api import (
    Guard,
    Job,
    Model,
    Text,
    View,
    check_origin,
    json_response,
    json_view,
    read_allowed_json,
    read_json,
    read_query,
)
from chatbot.web.rate_limits import check_rate
from chatbot.web.schemas import EmptyBody, MessageBody, MessagePageQuery


class CustomerBody(BaseModel):
    name: Annotated[Text, Field(max_length=MAX_NAME_LENGTH)] = ""
    email: Annotated[Text, Field(max_length=MAX_EMAIL_LENGTH)] = ""


class SessionBody(BaseModel):
    customer: CustomerBody = CustomerBody()


class EscalationBody(BaseModel):
    reason: Annotated[Text, Field(max_length=MAX_REASON_LENGTH)] = ""


def _read_own(request: HttpRequest, name: str, model: type[Model]) -> Model:
    return read_allowed_json(request, model, lambda: access.own_session(request, name))


async def guard_write(request: HttpRequest, name: str) -> dict[str, Credentials]:
    """Refuse a foreign page, whoever shows nothing, and what comes too often; the job gets the `credentials`.

    Counted under the session's name with what is shown for it: whoever only knows the name counts for himself, and
    the customer goes on writing. Cookie and token both count, so that inventing one of them beside the other, which
    opens the session, does not begin a new count.
    """
    check_origin(request)
    credentials = access.credentials_on(request, name)
    if not credentials.shown:
        raise errors.NotFound
    await check_rate(request, "messages", *(f"{name}/{digest[:KEY_DIGITS]}" for digest in credentials.shown))
    return {"credentials": credentials}


async def guard_start(request: HttpRequest) -> None:
    """Refuse a foreign page, which could use up the address of its visitors, and what comes too often."""
    check_origin(request)
    await check_rate(request, "sessions", client_address(request))


def customer_post(job: Job, guard: Guard = guard_write) -> View:
    """A state-changing call of a customer."""
    return csrf_exempt(json_view("POST", guard)(job))


@functools.partial(customer_post, guard=guard_start)
def sessions(request: HttpRequest) -> HttpResponse:
    customer = read_json(request, SessionBody).customer
    shown_key = access.browser_key(request)
    key = shown_key or access.make_browser_key()
    started = start_session(
        browser_key=key,
        language=translation.get_language() or "",
        customer_name=customer.name,
        customer_email=customer.email,
    )
    content = {
        "session_name": started.session.name,
        "token": started.token,
        "status": started.session.status,
    }
    response = json_response(content, status=201)
    if shown_key is None:
        access.set_browser_cookie(response, key)
    return response


@json_view("GET")
def session(request: HttpRequest, name: str) -> HttpResponse:
    position = selectors.position_of([check_name(name)])
    own = access.own_session(request, name)
    page = read_query(request, MessagePageQuery)
    state = selectors.session_state(own, before=page.before, limit=page.limit)
    return json_response({**state, "position": position})


@customer_post
def messages(request: HttpRequest, name: str, credentials: Credentials) -> HttpResponse:
    body = _read_own(request, name, MessageBody)
    message, created = post_customer_message(
        session_name=name, content=body.content, client_id=body.client_id, credentials=credentials
    )
    return json_response(message, status=201 if created else 200)


@customer_post
def escalation(request: HttpRequest, name: str, credentials: Credentials) -> HttpResponse:
    body = _read_own(request, name, EscalationBody)
    waiting, position = escalate(session_name=name, reason=body.reason, credentials=credentials)
    content = {"status": waiting.status, "position": position, "version": waiting.version}
    return json_response(content, status=202)


@customer_post
def escalation_end(request: HttpRequest, name: str, credentials: Credentials) -> HttpResponse:
    _read_own(request, name, EmptyBody)
    released = cancel_escalation(session_name=name, credentials=credentials)
    return json_response({"status": released.status, "version": released.version})
