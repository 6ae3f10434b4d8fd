"""What agents note of a conversation: labels, how urgent it is, who the customer is."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from chatbot.conversations import events, history, lifecycle, queue
from chatbot.conversations.errors import NotAssignee
from chatbot.conversations.history import agent_actor
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.conversations.queue_rules import know_labels
from chatbot.models import ChatSession, Status, What
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.waking import wake_assignment


def edit_session(
    *,
    session_name: str,
    agent: Agent,
    labels: Sequence[str] | None = None,
    priority: int | None = None,
    customer: Mapping[str, str] | None = None,
) -> ChatSession:
    """Change what is given, and tell the agents; `customer` has any of `name`, `email` and `phone`.

    Labels are made on first use. Locks the session; raises NotFound, NotAssignee unless it is the agent's or he is a
    supervisor.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        if not (agent.is_supervisor or session.assignee_id == agent.user.pk):
            raise NotAssignee
        outgoing = _note_customer(locked, agent, customer or {})
        if labels:
            know_labels(labels)
        by = agent_actor(agent.user)
        if lifecycle.sort(session, labels=labels, priority=priority, actor=by, now=locked.now):
            outgoing += events.session_updated(session, source=events.WORKBENCH)
            if session.status == Status.PENDING_MANUAL:
                queue.announce_queue()
                wake_assignment()
        if outgoing:
            send_many(outgoing)
    return session


def _note_customer(locked: LockedSession, agent: Agent, customer: Mapping[str, str]) -> list[events.Outgoing]:
    """The history says which, since replies may go to an address; never what it is."""
    session = locked.session
    changes = {f"customer_{field}": value for field, value in customer.items()}
    changes = {field: value for field, value in changes.items() if value != getattr(session, field)}
    if not changes:
        return []
    for field, value in changes.items():
        setattr(session, field, value)
    session.save(update_fields=list(changes))
    fields = sorted(field.removeprefix("customer_") for field in changes)
    history.note(session, What.NOTED, actor=agent_actor(agent.user), now=locked.now, why={"fields": fields})
    return [events.customer_change(session, source=events.WORKBENCH)]
