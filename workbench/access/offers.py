"""Offers to an agent: nobody else can see or answer them."""

from chatbot.conversations import offers
from chatbot.conversations.agents import agent_json
from chatbot.conversations.errors import OfferGone, OfferNotFound
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.models import Offer
from chatbot.web.schemas import MAX_ID
from workbench.access.agents import Agent


def find_offer(agent: Agent, offer_id: str) -> Offer:
    """An offer to this agent, open or not, with its session; one query. Raises OfferNotFound."""
    if offer_id.isascii() and offer_id.isdecimal() and int(offer_id) <= MAX_ID:
        found = Offer.objects.select_related("session").filter(pk=int(offer_id), receiver=agent.user).first()
        if found is not None:
            return found
    raise OfferNotFound


def lock_offer(agent: Agent, offer_id: str) -> tuple[LockedSession, Offer]:
    """Lock the session of an offer to this agent, which is open and whose time has not run out, by the database.

    Raises OfferNotFound, OfferGone with the agent who has the session now.
    """
    wanted = find_offer(agent, offer_id)
    locked = lock_session(wanted.session.name)
    offer = offers.open_offer(locked.session)
    if offer is None or offer.pk != wanted.pk or offer.expires_at <= locked.now:
        raise OfferGone(agent_json(locked.session.assignee))
    offer.session = locked.session
    return locked, offer
