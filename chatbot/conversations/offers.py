"""Offers of sessions to agents: the only writer of their rows.

An offer is a lease on a session, which keeps its status meanwhile. It ends in the transaction of what ends it: an
answer of its receiver, the end of its time, or any change of the session's status or assignee (`end_by_change`, which
lifecycle calls, so that no writer can forget it).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from chatbot.conversations import events, history
from chatbot.conversations.agents import agent_json
from chatbot.conversations.history import SYSTEM, Actor, agent_actor
from chatbot.conversations.locking import UNUSED_OF_ASSIGNEE
from chatbot.conversations.metrics import count_offer
from chatbot.models import ChatSession, Offer, OfferEnd, Status, What
from chatbot.models.prepared_queries import PreparedQuery

# What an offer's end is called in the history. An accepted or overtaken one ends with a line of lifecycle's own.
_LINES = {
    OfferEnd.DECLINED: What.DECLINED,
    OfferEnd.EXPIRED: What.EXPIRED,
    OfferEnd.WITHDRAWN: What.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """An offer to be made; `sender` is None where the queue makes it. `why` are facts (reasons.py)."""

    session: ChatSession
    receiver: User
    seconds: int
    sender: User | None = None
    note: str = ""
    why: dict[str, Any] = field(default_factory=dict)


def make(proposals: Sequence[Proposal], *, now: datetime) -> list[Offer]:
    """Write offers and their lines of history; two statements for any usual number.

    The sessions must be locked and without an open offer. The caller sends events.transfer_offer for each.
    """
    made = Offer.objects.bulk_create(_row(proposal, now) for proposal in proposals)
    history.write(
        history.line(
            offer.session,
            What.OFFERED,
            actor=agent_actor(offer.sender) if offer.sender else SYSTEM,
            now=now,
            why={**offer.why, "to": agent_json(offer.receiver)},
        )
        for offer in made
    )
    return made


def _row(proposal: Proposal, now: datetime) -> Offer:
    return Offer(
        session=proposal.session,
        receiver=proposal.receiver,
        sender=proposal.sender,
        note=proposal.note,
        why=proposal.why,
        made_at=now,
        expires_at=now + timedelta(seconds=proposal.seconds),
    )


def open_offer(session: ChatSession) -> Offer | None:
    """The open offer of a session with both agents; one query. It stays so while the session is locked."""
    return _open_ones.first(session.pk)


def _open_of(session: int) -> QuerySet[Offer]:
    """One at most."""
    offers = Offer.objects.select_related("receiver", "sender").filter(session=session, ended_at=None)
    return offers.defer(*(f"{who}__{field}" for who in ("receiver", "sender") for field in UNUSED_OF_ASSIGNEE))


_open_ones = PreparedQuery(_open_of, sample=-1)


def end(
    offer: Offer, how: OfferEnd, *, actor: Actor, now: datetime, why: dict[str, Any] | None = None
) -> list[events.Outgoing]:
    """End an open offer of a locked session whose status stays: declined, run out or withdrawn. Returns what to send.

    `why` are facts beside the receiver and after how many seconds it ended.
    """
    _end(offer, how, now)
    facts = {"to": agent_json(offer.receiver), "seconds": seconds_of(offer), **(why or {})}
    history.note(offer.session, _LINES[how], actor=actor, now=now, why=facts)
    return events.offer_ended(offer)


def end_by_change(session: ChatSession, *, now: datetime) -> Offer | None:
    """End the open offer of a session whose status or assignee has just changed, and return it.

    Accepted if its receiver has the session now, taken if somebody else has, withdrawn if nobody has.
    """
    offer = open_offer(session)
    if offer is None:
        return None
    if session.status != Status.MANUAL_LIVE:
        how = OfferEnd.WITHDRAWN
    else:
        how = OfferEnd.ACCEPTED if session.assignee_id == offer.receiver_id else OfferEnd.TAKEN
    offer.session = session
    _end(offer, how, now)
    return offer


def seconds_of(offer: Offer) -> int:
    """For how many seconds an ended offer was open."""
    return max(0, round(((offer.ended_at or offer.made_at) - offer.made_at).total_seconds()))


def _end(offer: Offer, how: OfferEnd, now: datetime) -> None:
    offer.end, offer.ended_at = how, now
    offer.save(update_fields=["end", "ended_at"])
    transaction.on_commit(partial(count_offer, str(how), (now - offer.made_at).total_seconds()), robust=True)
