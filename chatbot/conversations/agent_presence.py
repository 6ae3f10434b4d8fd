"""Which agents are connected, from their open streams: kept by the processes that hold these, as of customers."""

from collections.abc import Collection, Set

from django.contrib.auth.models import User
from django.db import transaction

from chatbot.conversations import agent_states, events
from chatbot.conversations.presence import lock_holders
from chatbot.models import AgentPresence
from realtime.api import send_many


def change(holder: str, *, came: Collection[str], went: Collection[str]) -> Set[str] | None:
    """Note whose streams a process holds, and no longer holds, by usernames; tell of agents who come or go for good.

    Repeating it does no harm. Returns who is still to be noted: nobody; None, with nothing written, if the process has
    no lease.
    """
    with transaction.atomic():
        if holder not in lock_holders():
            return None
        came_ids, went_ids = _ids_of(came), _ids_of(went)
        AgentPresence.objects.bulk_create(
            [AgentPresence(agent_id=agent, holder_id=holder) for agent in came_ids], ignore_conflicts=True
        )
        AgentPresence.objects.filter(holder=holder, agent__in=went_ids).delete()
        send_many(agent_states.follow_presence([*came_ids, *went_ids]))
    return frozenset()


def forget(holders: Collection[str]) -> list[events.Outgoing]:
    """Remove what these processes hold, and note who is gone with them; all holders must be locked.

    Returns what to send.
    """
    theirs = AgentPresence.objects.filter(holder__in=holders)
    agent_ids = sorted(theirs.values_list("agent_id", flat=True))
    theirs.delete()
    return agent_states.follow_presence(agent_ids)


def _ids_of(usernames: Collection[str]) -> list[int]:
    # In order: processes that write the same rows do not deadlock.
    found = User.objects.filter(username__in=usernames).order_by("pk")
    return list(found.values_list("pk", flat=True)) if usernames else []
