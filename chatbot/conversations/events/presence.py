"""The event of a customer who comes, or goes."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, desk_of
from chatbot.models import ChatSession
from realtime import groups
from realtime.events import Event


class CustomerPresence(TypedDict):
    """Whether the session's customer has a page open."""

    session_name: str
    customer_online: bool


def customer_presence(session: ChatSession, *, is_online: bool) -> Outgoing:
    """Tell the assignee, or the agents of its team while nobody has the session; never the session's own channel."""
    payload: CustomerPresence = {"session_name": session.name, "customer_online": is_online}
    channel = groups.agent(session.assignee.username) if session.assignee else desk_of(session.team_id)
    return channel, Event("customer_presence", dict(payload), "system", durable=False)
