"""An agent takes what he is offered: a waiting session, or one that a colleague passes on."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop

from chatbot.conversations import events, lifecycle, queue, transcript
from chatbot.conversations.agents import display_name
from chatbot.models import ChatSession, What
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.offers import lock_offer
from workbench.actions.take_over import NOTICE

CONNECTING = gettext_noop("Connecting you to {agent}.")

TAKEN: Final[transcript.Notice] = "taken"
TRANSFERRED: Final[transcript.Notice] = "transferred"


def accept_offer(*, offer_id: str, agent: Agent) -> ChatSession:
    """Give the session to the receiver of the offer, who is the agent; of a transfer its sender has it until then.

    Locks the session; raises OfferNotFound, OfferGone.
    """
    with transaction.atomic():
        locked, offer = lock_offer(agent, offer_id)
        session = locked.session
        former = session.assignee.username if session.assignee else None
        if offer.sender is None:
            change = lifecycle.take_over(session, agent=agent.user, now=locked.now, what=What.ACCEPTED)
            text, kind = NOTICE, TAKEN
        else:
            change = lifecycle.reassign(session, agent=agent.user, now=locked.now, what=What.TRANSFERRED)
            text, kind = CONNECTING, TRANSFERRED
        notice = transcript.write_notice(
            session, text, now=locked.now, notice=kind, by=agent.user, agent=display_name(agent.user)
        )
        queue.announce_queue()
        send_many(
            events.change_with_notice(session, notice, change=change, source=events.WORKBENCH, former_assignee=former)
        )
    return session
