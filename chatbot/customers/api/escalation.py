"""Asking for a human, and waiting no longer."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from chatbot.conversations.errors import AlreadyEscalated, InvalidStatus, QueueFull
from chatbot.customers.access import own_session
from chatbot.customers.actions.cancel_escalation import cancel_escalation
from chatbot.customers.actions.escalate import escalate
from chatbot.customers.api.guards import credentials
from chatbot.models import MAX_REASON_LENGTH
from chatbot.web.bodies import Body, EmptyBody, Json, Text
from chatbot.web.json_api import changes
from chatbot.web.schemas import TeamId

router = Router(tags=["escalation"])


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
