"""Asking for a human, and waiting no longer."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from chatbot.bot.hand_over_token import MAX_TOKEN_LENGTH
from chatbot.conversations.errors import AlreadyEscalated, InvalidStatus, NotFound, QueueFull
from chatbot.customers.access import own_session
from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.customers.actions.hand_over import hand_over
from chatbot.customers.api.guards import Visitor, credentials
from chatbot.models import MAX_REASON_LENGTH
from chatbot.web.bodies import Body, EmptyBody, Json, Text
from chatbot.web.json_api import anybody, changes
from chatbot.web.schemas import TeamId

router = Router(tags=["escalation"])
hand_overs = Router(tags=["escalation"])


class EscalationBody(Body):
    """`team`: one of GET /api/teams; without it the default team is asked."""

    reason: Annotated[Text, Field(max_length=MAX_REASON_LENGTH)] = ""
    team: TeamId | SkipJsonSchema[None] = None


class StatusJson(TypedDict):
    """`version` counts the changes of a session."""

    status: str
    version: int


class WaitingJson(StatusJson):
    """The place in the queue, from 1."""

    position: int


@router.post("/{name}/escalate", response={202: WaitingJson})
@changes(AlreadyEscalated, QueueFull, access=own_session)
def ask_for_a_human(request: HttpRequest, name: str, body: Json[EscalationBody]) -> WaitingJson:
    """Also when no agent is there, and when the session is closed."""
    waiting, position = escalate(
        session_name=name, reason=body.reason, team_id=body.team, credentials=credentials(request)
    )
    return {"status": waiting.status, "position": position, "version": waiting.version}


@router.post("/{name}/cancel-escalation", response=StatusJson)
@changes(InvalidStatus, access=own_session)
def wait_no_longer(request: HttpRequest, name: str, body: Json[EmptyBody]) -> StatusJson:
    """Back to the bot."""
    released = cancel_escalation(session_name=name, credentials=credentials(request))
    return {"status": released.status, "version": released.version}


class HandOverBody(Body):
    """`token` is what the bot was given with the question; `reason` is for the agents."""

    token: Annotated[Text, Field(max_length=MAX_TOKEN_LENGTH)]
    reason: Annotated[Text, Field(max_length=MAX_REASON_LENGTH)] = ""


@hand_overs.post("", auth=Visitor(), response={202: WaitingJson})
@changes(NotFound, InvalidStatus, QueueFull, access=anybody)
def hand_over_to_people(request: HttpRequest, body: Json[HandOverBody]) -> WaitingJson:
    """For bots outside: the customer of the session that the token is for should get a human (docs/bots.md)."""
    waiting, position = hand_over(token=body.token, reason=body.reason)
    return {"status": waiting.status, "position": position, "version": waiting.version}
