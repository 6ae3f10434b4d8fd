"""The agents, and what one of them chooses to be."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field
from typing_extensions import TypedDict

from chatbot.conversations import agent_states
from chatbot.models import MAX_AVAILABILITY_REASON_LENGTH, Availability
from chatbot.web.bodies import Body, EmptyBody, Json, Text
from chatbot.web.json_api import changes, reads
from workbench.access.agents import logged_in_agent
from workbench.lists.agents import AgentItem, agent_items

router = Router(tags=["agents"])
own = Router(tags=["agents"])
signs = Router(tags=["agents"])


class AgentsJson(TypedDict):
    """All active agents, by name."""

    items: list[AgentItem]


class Choice(Body):
    """`reason` is what colleagues read; an agent who is available needs none."""

    availability: Literal["available", "busy", "away"]
    reason: Annotated[Text, Field(max_length=MAX_AVAILABILITY_REASON_LENGTH)] = ""


@router.get("", response=AgentsJson)
@reads(access=logged_in_agent)
def list_agents(request: HttpRequest) -> AgentsJson:
    logged_in_agent(request)
    return {"items": agent_items()}


@own.put("", response=AgentItem)
@changes(access=logged_in_agent)
def choose_availability(request: HttpRequest, body: Json[Choice]) -> AgentItem:
    """It holds until another choice, whatever becomes of the connection."""
    agent = logged_in_agent(request)
    agent_states.choose(agent.user, Availability(body.availability), reason=body.reason)
    [item] = agent_items(agent.user.pk)
    return item


@signs.post("", response={204: None})
@reads(access=logged_in_agent)
def note_activity(request: HttpRequest, body: Json[EmptyBody]) -> Status[None]:
    """Somebody is at this desk. Calls that change something say so, too; an open page alone does not."""
    logged_in_agent(request)  # which notes it
    return Status(204, None)
