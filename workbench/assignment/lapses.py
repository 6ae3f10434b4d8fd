"""Offers that end by themselves: their time is over, or their receiver is not there any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from chatbot.conversations import able_agents, agent_states, events, offers
from chatbot.conversations.history import SYSTEM
from chatbot.conversations.locking import lock_if_free
from chatbot.models import Offer, OfferEnd
from chatbot.models.prepared_queries import PreparedRows
from realtime.api import send_many
from workbench.assignment.turn import take_turn

LET_RUN_OUT = gettext_noop("Let an offer run out")

# In one look, each in a transaction of its own.
MAX_LAPSES = 200


def end_lapsed_offers() -> int:
    """End what has lapsed, and return how many there were; one query where there are none. Raises NotOurTurn."""
    ended = 0
    for offer_id, session_name in _first_lapsed.all(None):
        take_turn()
        ended += end_lapsed(offer_id=offer_id, session_name=session_name)
    return ended


def end_lapsed(*, offer_id: int, session_name: str) -> bool:
    """End an offer whose time is over by the database's clock, or whose receiver cannot take it; whether this call did.

    The session waits as before, or stays with who wanted to pass it on. Who lets an offer of the queue run out is set
    to away where the session's team has it so. Locks the session, then the receiver's state.
    """
    with transaction.atomic():
        locked = lock_if_free(session_name)
        if locked is None:
            return False
        offer = offers.open_offer(locked.session)
        if offer is None or offer.pk != offer_id or not _lapsed().filter(pk=offer.pk).exists():
            return False
        offer.session = locked.session
        send_many(_end(offer, now=locked.now))
    return True


def _lapsed() -> QuerySet[Offer]:
    is_there = Exists(able_agents.able().filter(agent=OuterRef("receiver")))
    return Offer.objects.filter(Q(expires_at__lte=Now()) | ~Q(is_there), ended_at=None)


_first_lapsed = PreparedRows(
    lambda _: _lapsed().order_by("expires_at").values_list("pk", "session__name")[:MAX_LAPSES], sample=None
)


def _end(offer: Offer, *, now: datetime) -> list[events.Outgoing]:
    if offer.expires_at > now:
        why = {"code": "receiver_gone"}
        return offers.end(offer, OfferEnd.WITHDRAWN, actor=SYSTEM, now=now, why=why)
    outgoing = offers.end(offer, OfferEnd.EXPIRED, actor=SYSTEM, now=now)
    if offer.sender is None and able_agents.rules_of(offer.session).lapse_makes_away:
        outgoing += agent_states.make_away([offer.receiver_id], reason=LET_RUN_OUT)
    return outgoing
