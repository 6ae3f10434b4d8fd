"""An agent does not want what he is offered."""

from django.db import transaction

from chatbot.conversations import offers
from chatbot.conversations.history import agent_actor
from chatbot.models import OfferEnd
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.offers import lock_offer
from workbench.waking import wake_assignment


def decline_offer(*, offer_id: str, agent: Agent, reason: str = "") -> None:
    """End an offer to the agent: the session waits as before, or stays with who wanted to pass it on.

    Locks the session; raises OfferNotFound, OfferGone.
    """
    with transaction.atomic():
        locked, offer = lock_offer(agent, offer_id)
        why = {"reason": reason} if reason else {}
        outgoing = offers.end(offer, OfferEnd.DECLINED, actor=agent_actor(agent.user), now=locked.now, why=why)
        wake_assignment()
        send_many(outgoing)
