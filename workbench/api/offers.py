"""What an agent is offered, his answer, and passing a conversation on."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from chatbot.conversations.errors import (
    AgentNotFound,
    AgentUnavailable,
    InvalidStatus,
    NotAssignee,
    OfferGone,
    OfferNotFound,
    TeamNotFound,
)
from chatbot.conversations.events import iso
from chatbot.conversations.names import check_name
from chatbot.conversations.selectors import position_of
from chatbot.models import MAX_NOTE_LENGTH, Offer
from chatbot.web.bodies import Body, EmptyBody, Json, Text
from chatbot.web.json_api import changes, reads
from chatbot.web.schemas import TeamId
from workbench import selectors
from workbench.access.agents import logged_in_agent
from workbench.access.offers import find_offer
from workbench.access.streams import desk_channels
from workbench.actions.accept_offer import accept_offer
from workbench.actions.decline_offer import decline_offer
from workbench.actions.transfer import transfer_to_agent, transfer_to_team
from workbench.api.guards import check_readable
from workbench.selectors import OfferItem, SessionItem

MAX_DECLINE_REASON_LENGTH = 200
MAX_USERNAME_LENGTH = 150

transfers = Router(tags=["offers"])
own = Router(tags=["offers"])
router = Router(tags=["offers"])


class OffersJson(TypedDict):
    """What the agent can accept at this moment, oldest first."""

    items: list[OfferItem]
    position: str


@own.get("", response=OffersJson)
@reads(access=logged_in_agent)
def read_offers(request: HttpRequest) -> OffersJson:
    agent = logged_in_agent(request)
    position = position_of(desk_channels(agent))
    return {"items": selectors.open_offers(agent), "position": position}


def find_own(request: HttpRequest, offer_id: str) -> Offer:
    return find_offer(logged_in_agent(request), offer_id)


@router.post("/{offer_id}/accept", response=SessionItem)
@changes(OfferNotFound, OfferGone, access=find_own)
def accept(request: HttpRequest, offer_id: str, body: Json[EmptyBody]) -> SessionItem:
    """The session is the agent's; of a transfer, its sender's until then."""
    agent = logged_in_agent(request)
    return selectors.session_item(accept_offer(offer_id=offer_id, agent=agent), agent)


class DeclineBody(Body):
    """`reason` is for colleagues: it stands in the session's history."""

    reason: Annotated[Text, Field(max_length=MAX_DECLINE_REASON_LENGTH)] = ""


class DeclinedJson(TypedDict):
    offer_id: int


@router.post("/{offer_id}/decline", response=DeclinedJson)
@changes(OfferNotFound, OfferGone, access=find_own)
def decline(request: HttpRequest, offer_id: str, body: Json[DeclineBody]) -> DeclinedJson:
    """The session waits for somebody else, or stays with its sender."""
    decline_offer(offer_id=offer_id, agent=logged_in_agent(request), reason=body.reason.strip())
    return {"offer_id": int(offer_id)}


class TransferBody(Body):
    """To whom: the id of an agent, who must accept, or of a team; one of both."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["to_agent"]}, {"required": ["to_team"]}]})

    note: Annotated[Text, Field(max_length=MAX_NOTE_LENGTH)] = ""
    to_agent: Annotated[Text, Field(min_length=1, max_length=MAX_USERNAME_LENGTH)] | SkipJsonSchema[None] = None
    to_team: Annotated[TeamId | SkipJsonSchema[None], Field(validate_default=True)] = None

    @field_validator("to_team")
    @classmethod
    def _refuse_none_and_both(cls, to_team: int | None, info: ValidationInfo) -> int | None:
        if "to_agent" in info.data and (to_team is None) == (info.data["to_agent"] is None):
            raise ValueError("name an agent or a team")
        return to_team


class OfferedJson(TypedDict):
    """The session stays with its agent until the offer is accepted."""

    offer_id: int
    expires_at: str


class QueuedJson(TypedDict):
    """The place in the other team's queue, from 1."""

    position: int


@transfers.post("/{name}/transfer", response={202: OfferedJson | QueuedJson})
@changes(NotAssignee, InvalidStatus, AgentNotFound, AgentUnavailable, TeamNotFound, access=check_readable)
def transfer_session(request: HttpRequest, name: str, body: Json[TransferBody]) -> Status[OfferedJson | QueuedJson]:
    """To an agent: offered to him. To a team: it waits there with its first waiting time."""
    agent = logged_in_agent(request)
    check_name(name)
    if body.to_team is not None:
        place = transfer_to_team(session_name=name, agent=agent, to_team=body.to_team, note=body.note)
        return Status(202, {"position": place})
    offer = transfer_to_agent(session_name=name, agent=agent, to_agent=body.to_agent or "", note=body.note)
    return Status(202, {"offer_id": offer.pk, "expires_at": iso(offer.expires_at)})
