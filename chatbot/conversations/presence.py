"""Which customers are here, from their open streams: kept by the processes that hold these, read by agents.

Every change locks the rows of all holders first, so that of two processes between which a customer moves the later one
sees what the earlier one wrote: agents are told only where the first process has him, or the last one has him no more.
"""

from collections.abc import Collection, Set

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from chatbot.conversations import events
from chatbot.conversations.locking import share
from chatbot.models import PRESENCE_LEASE, ChatSession, Presence, PresenceHolder, Status, is_held
from realtime.api import send_many

# Whose agents look at whether the customer is here.
WATCHED = (Status.PENDING_MANUAL, Status.MANUAL_LIVE)


def present(sessions: Collection[ChatSession]) -> set[int]:
    """The ids of those of these sessions whose customers have a page open; one query (none for none)."""
    ids = [session.pk for session in sessions]
    if not ids:
        return set()
    return set(Presence.objects.filter(is_held("holder__"), session__in=ids).values_list("session_id", flat=True))


def hold(holder: str) -> bool:
    """Say that this process lives; False if what it had written is gone, and must be written again."""
    lease_until = Now() + PRESENCE_LEASE
    if PresenceHolder.objects.filter(name=holder).update(lease_until=lease_until):
        return True
    PresenceHolder.objects.bulk_create([PresenceHolder(name=holder, lease_until=lease_until)], ignore_conflicts=True)
    return False


def change(holder: str, *, came: Collection[str], went: Collection[str]) -> Set[str] | None:
    """Note whose streams a process holds, and no longer holds, by session names; tells agents whom it concerns.

    Repeating it does no harm. Names without a session are left out. Returns who is still to be noted: whose session
    somebody has locked; None, with nothing written, if the process has no lease (see hold).
    """
    with transaction.atomic():
        if holder not in lock_holders():
            return None
        found = _ids_of(came)
        came_ids, went_ids = share(found.values()), list(_ids_of(went).values())
        elsewhere = Presence.objects.filter(is_held("holder__"), session=OuterRef("pk")).exclude(holder=holder)
        Presence.objects.bulk_create(
            [Presence(session_id=session, holder_id=holder) for session in came_ids], ignore_conflicts=True
        )
        Presence.objects.filter(holder=holder, session__in=went_ids).delete()
        changed = ChatSession.objects.filter(~Exists(elsewhere), pk__in=[*came_ids, *went_ids])
        noted = set(came_ids)
        send_many(_news(changed, came=noted))
    return {name for name, pk in found.items() if pk not in noted}


def find_lost_holders() -> list[str]:
    """The processes whose lease has run out: they were killed, or stand still."""
    return list(PresenceHolder.objects.exclude(is_held()).values_list("name", flat=True))


def forget(holders: Collection[str]) -> list[events.Outgoing]:
    """Find who is gone with these processes, whose rows the caller removes; all holders must be locked.

    Returns what to send to the agents of those customers whom no other process has.
    """
    theirs = Presence.objects.filter(session=OuterRef("pk"), holder__in=holders)
    elsewhere = Presence.objects.filter(session=OuterRef("pk")).exclude(holder__in=holders)
    return _news(ChatSession.objects.filter(Exists(theirs), ~Exists(elsewhere)), came=())


def lock_holders() -> list[str]:
    """All processes, in an order, so that two that lock them do not deadlock."""
    return list(PresenceHolder.objects.select_for_update().order_by("name").values_list("name", flat=True))


def _ids_of(names: Collection[str]) -> dict[str, int]:
    # In order: processes that write the same rows do not deadlock.
    found = ChatSession.objects.filter(name__in=names).order_by("pk")
    return dict(found.values_list("name", "pk")) if names else {}


def _news(changed: QuerySet[ChatSession], *, came: Collection[int]) -> list[events.Outgoing]:
    """For the agents whom it concerns: that the customer of each session came, or else went."""
    concerned = changed.filter(status__in=WATCHED).select_related("assignee")
    return [events.customer_presence(session, is_online=session.pk in came) for session in concerned]
