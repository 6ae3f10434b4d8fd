"""The event of what a customer says of themselves."""

from typing import NotRequired

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing, Source, desk_of
from chatbot.models import ChatSession
from realtime.events import Event


class CustomerJson(TypedDict):
    """Who a customer is, as they say; both may be empty."""

    name: str
    email: str


class NotedCustomerJson(CustomerJson):
    """As agents see it: with a telephone number, if one of them has noted it."""

    phone: NotRequired[str]


class CustomerChange(TypedDict):
    """The last one that comes holds."""

    session_name: str
    customer: NotedCustomerJson


def customer_json(session: ChatSession) -> CustomerJson:
    return {"name": session.customer_name, "email": session.customer_email}


def noted_customer_json(session: ChatSession) -> NotedCustomerJson:
    known: NotedCustomerJson = {"name": session.customer_name, "email": session.customer_email}
    if session.customer_phone:
        known["phone"] = session.customer_phone
    return known


def customer_change(session: ChatSession, *, source: Source) -> Outgoing:
    """Tell the agents of its team: the lists of all of them show names."""
    payload: CustomerChange = {"session_name": session.name, "customer": noted_customer_json(session)}
    return desk_of(session.team_id), Event("customer_change", dict(payload), source)
