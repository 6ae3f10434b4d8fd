"""The customers' HTTP API. Each view is a job on a database thread: authorise, read, act, answer.

An action gets what the caller shows and checks it on the row it locks, so that access costs no query of its own.

No CSRF token: the cookie is SameSite, a body must be JSON, and a foreign Origin is refused.
"""

import functools
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from pydantic import AfterValidator, BaseModel, Field

from chatbot import access, errors, selectors
from chatbot.access import Claim
from chatbot.actions.cancel_escalation import cancel_escalation
from chatbot.actions.escalate import escalate
from chatbot.actions.post_customer_message import post_customer_message
from chatbot.actions.start_session import start_session
from chatbot.client_address import client_address
from chatbot.http import (
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
from chatbot.models import (
    MAX_CLIENT_ID_LENGTH,
    MAX_CONTENT_LENGTH,
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_REASON_LENGTH,
)
from chatbot.rate_limits import check_rate

DEFAULT_PAGE = 50
MAX_PAGE = 100
MAX_ID = 2**63 - 1
KEY_DIGITS = 16  # of a digest: enough to tell counts apart


def _refuse_blank(content: str) -> str:
    if not content.strip():
        raise ValueError("only white space")
    return content


class MessageBody(BaseModel):
    """A message that a customer or an agent writes."""

    content: Annotated[Text, Field(min_length=1, max_length=MAX_CONTENT_LENGTH), AfterValidator(_refuse_blank)]
    client_id: Annotated[Text, Field(min_length=1, max_length=MAX_CLIENT_ID_LENGTH)]


class CustomerBody(BaseModel):
    name: Annotated[Text, Field(max_length=MAX_NAME_LENGTH)] = ""
    email: Annotated[Text, Field(max_length=MAX_EMAIL_LENGTH)] = ""


class SessionBody(BaseModel):
    customer: CustomerBody = CustomerBody()


class EscalationBody(BaseModel):
    reason: Annotated[Text, Field(max_length=MAX_REASON_LENGTH)] = ""


class EmptyBody(BaseModel):
    """A call that says all in its address."""


class MessagePageQuery(BaseModel):
    """Which messages: those before the message with this id, at most so many."""

    before: Annotated[int, Field(gt=0, le=MAX_ID)] | None = None
    limit: Annotated[int, Field(gt=0, le=MAX_PAGE)] = DEFAULT_PAGE


def _read_own(request: HttpRequest, name: str, model: type[Model]) -> Model:
    return read_allowed_json(request, model, lambda: access.own_session(request, name))


async def guard_write(request: HttpRequest, name: str) -> dict[str, Claim]:
    """Refuse a foreign page, whoever shows nothing, and what comes too often; the job gets the `claim`.

    Counted under the session's name with what is shown for it: whoever only knows the name counts for himself, and
    the customer goes on writing. Cookie and token both count, so that inventing one of them beside the other, which
    opens the session, does not begin a new count.
    """
    check_origin(request)
    claim = access.claim_on(request, name)
    if not claim.shown:
        raise errors.NotFound
    await check_rate(request, "messages", *(f"{name}/{digest[:KEY_DIGITS]}" for digest in claim.shown))
    return {"claim": claim}


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
    position = selectors.position_of([access.check_name(name)])
    own = access.own_session(request, name)
    page = read_query(request, MessagePageQuery)
    state = selectors.session_state(own, before=page.before, limit=page.limit)
    return json_response({**state, "position": position})


@customer_post
def messages(request: HttpRequest, name: str, claim: Claim) -> HttpResponse:
    body = _read_own(request, name, MessageBody)
    message, created = post_customer_message(
        session_name=name, content=body.content, client_id=body.client_id, claim=claim
    )
    return json_response(message, status=201 if created else 200)


@customer_post
def escalation(request: HttpRequest, name: str, claim: Claim) -> HttpResponse:
    body = _read_own(request, name, EscalationBody)
    waiting, position = escalate(session_name=name, reason=body.reason, claim=claim)
    content = {"status": waiting.status, "position": position, "version": waiting.version}
    return json_response(content, status=202)


@customer_post
def escalation_end(request: HttpRequest, name: str, claim: Claim) -> HttpResponse:
    _read_own(request, name, EmptyBody)
    released = cancel_escalation(session_name=name, claim=claim)
    return json_response({"status": released.status, "version": released.version})
