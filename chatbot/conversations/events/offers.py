"""Events of offers, for the agents concerned alone: the customer hears of a transfer when it is accepted."""

from typing_extensions import TypedDict

from chatbot.conversations.agents import AgentJson, agent_json
from chatbot.conversations.events.base import WORKBENCH, Outgoing, iso
from chatbot.conversations.reasons import sentence
from chatbot.models import Offer, OfferEnd
from realtime import groups
from realtime.events import Event

_OfferAgents = TypedDict("_OfferAgents", {"from": AgentJson | None, "to": AgentJson | None})


class TransferOffer(_OfferAgents):
    """`from` is null where the queue offers a session that waits; `expires_at` is ISO 8601; `why` is a sentence."""

    session_name: str
    offer_id: int
    note: str
    expires_at: str
    why: str


class TransferAnswer(_OfferAgents):
    """An agent's answer to another agent's offer."""

    session_name: str
    offer_id: int
    note: str
    expires_at: str


class OfferEnded(TypedDict):
    """`reason`: accepted, declined, expired, taken (by somebody else) or withdrawn; `agent` has the session now."""

    session_name: str
    offer_id: int
    reason: str
    agent: AgentJson | None


def transfer_offer(offer: Offer) -> list[Outgoing]:
    """Tell the receiver, and the sender of a transfer."""
    payload: TransferOffer = {**_answer(offer), "why": sentence(offer.why)}
    return _to_concerned(offer, Event("transfer_offer", dict(payload), WORKBENCH))


def offer_ended(offer: Offer) -> list[Outgoing]:
    """Tell them how it ended; of a transfer also as transfer_accepted or transfer_declined."""
    payload: OfferEnded = {
        "session_name": offer.session.name,
        "offer_id": offer.pk,
        "reason": str(offer.end),
        "agent": agent_json(offer.session.assignee),
    }
    answers = {OfferEnd.ACCEPTED: "transfer_accepted", OfferEnd.DECLINED: "transfer_declined"}
    told = _to_concerned(offer, Event("offer_ended", dict(payload), WORKBENCH))
    if offer.sender is not None and offer.end in answers:
        answer = Event(answers[OfferEnd(offer.end)], dict(_answer(offer)), WORKBENCH)
        told = [*_to_concerned(offer, answer), *told]
    return told


def _answer(offer: Offer) -> TransferAnswer:
    return {
        "session_name": offer.session.name,
        "offer_id": offer.pk,
        "from": agent_json(offer.sender),
        "to": agent_json(offer.receiver),
        "note": offer.note,
        "expires_at": iso(offer.expires_at),
    }


def _to_concerned(offer: Offer, event: Event) -> list[Outgoing]:
    agents = [offer.receiver, *([offer.sender] if offer.sender else [])]
    return [(groups.agent(agent.username), event) for agent in agents]
