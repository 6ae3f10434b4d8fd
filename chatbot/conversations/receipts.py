"""How far each side of a conversation has got and has seen what the other side wrote."""

from collections.abc import Sequence

from typing_extensions import TypedDict

from chatbot.conversations.errors import MessageNotFound
from chatbot.conversations.events import Outgoing, message_delivered, message_read
from chatbot.models import ChatSession, Message, Role

# Whose messages a reader confirms.
OTHER_SIDE: dict[Role, Sequence[Role]] = {Role.CUSTOMER: (Role.AGENT, Role.BOT), Role.AGENT: (Role.CUSTOMER,)}


class SideReceipts(TypedDict):
    """Ids of messages, up to and including; null for none."""

    delivered: int | None
    seen: int | None


class Receipts(TypedDict):
    """What the customer, and the agent who has the session, have of the other side's messages."""

    customer: SideReceipts
    agent: SideReceipts


def receipts_of(session: ChatSession) -> Receipts:
    """The receipts as the API shows them."""
    return {
        "customer": {"delivered": session.customer_delivered or None, "seen": session.customer_seen or None},
        "agent": {"delivered": session.agent_delivered or None, "seen": session.agent_seen or None},
    }


def check_messages(session: ChatSession, reader: Role, *ids: int | None) -> None:
    """Raise MessageNotFound unless all that are given are messages of the session from the other side; one query."""
    wanted = {each for each in ids if each is not None}
    found = Message.objects.filter(session=session, pk__in=wanted, role__in=OTHER_SIDE[reader]).count()
    if found != len(wanted):
        raise MessageNotFound


def confirm(
    session: ChatSession, reader: Role, *, delivered: int | None, seen: int | None, source: str
) -> list[Outgoing]:
    """Move the reader's receipts forward, never back, and return what to send: nothing where nothing moved.

    `seen` implies `delivered`. The session must be locked, the ids checked (check_messages).
    """
    delivered_field, seen_field = f"{reader}_delivered", f"{reader}_seen"
    old_delivered, old_seen = getattr(session, delivered_field), getattr(session, seen_field)
    now_seen = max(old_seen, seen or 0)
    now_delivered = max(old_delivered, delivered or 0, now_seen)
    if (now_delivered, now_seen) == (old_delivered, old_seen):
        return []
    setattr(session, delivered_field, now_delivered)
    setattr(session, seen_field, now_seen)
    ChatSession.objects.filter(pk=session.pk).update(**{delivered_field: now_delivered, seen_field: now_seen})
    outgoing = []
    if now_delivered > max(old_delivered, now_seen):
        outgoing += message_delivered(session, role=reader, message_id=now_delivered, source=source)
    if now_seen > old_seen:
        outgoing += message_read(session, role=reader, message_id=now_seen, source=source)
    return outgoing
