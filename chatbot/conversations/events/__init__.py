"""Every event that the product emits: its payload, typed, and who sees it.

Writers build payloads here alone, so they are strict; readers ignore types and fields that they do not know.
A session's channel is what its customer may see: reasons and queue details go to its team's agents only.
"""

from chatbot.conversations.events.agents import AgentsChanged, AgentStatus, ChosenBy, agent_status, agents_changed
from chatbot.conversations.events.answering import MessageDelta, message_delta
from chatbot.conversations.events.base import BOT, WORKBENCH, Outgoing, desk_of, iso, unlogged
from chatbot.conversations.events.customer import (
    CustomerChange,
    CustomerJson,
    NotedCustomerJson,
    customer_change,
    customer_json,
    noted_customer_json,
)
from chatbot.conversations.events.messages import MessageJson, message_json, new_message
from chatbot.conversations.events.offers import OfferEnded, TransferAnswer, TransferOffer, offer_ended, transfer_offer
from chatbot.conversations.events.presence import CustomerPresence, customer_presence
from chatbot.conversations.events.queue import QueuePosition, QueueUpdate, queue_position, queue_update
from chatbot.conversations.events.receipts import Receipt, message_delivered, message_read
from chatbot.conversations.events.sessions import (
    QueuedTransferRequest,
    StatusChange,
    TransferRequest,
    change_with_notice,
    status_change,
    transfer_request,
)
from chatbot.conversations.events.types import EVENT_TYPES, EventType
from chatbot.conversations.events.typing import Typing, typing
from chatbot.conversations.events.updates import OnHold, SessionUpdate, on_hold_json, session_updated

__all__ = [
    "BOT",
    "EVENT_TYPES",
    "WORKBENCH",
    "AgentStatus",
    "AgentsChanged",
    "ChosenBy",
    "CustomerChange",
    "CustomerJson",
    "CustomerPresence",
    "EventType",
    "MessageDelta",
    "MessageJson",
    "NotedCustomerJson",
    "OfferEnded",
    "OnHold",
    "Outgoing",
    "QueuePosition",
    "QueueUpdate",
    "QueuedTransferRequest",
    "Receipt",
    "SessionUpdate",
    "StatusChange",
    "TransferAnswer",
    "TransferOffer",
    "TransferRequest",
    "Typing",
    "agent_status",
    "agents_changed",
    "change_with_notice",
    "customer_change",
    "customer_json",
    "customer_presence",
    "desk_of",
    "iso",
    "message_delivered",
    "message_delta",
    "message_json",
    "message_read",
    "new_message",
    "noted_customer_json",
    "offer_ended",
    "on_hold_json",
    "queue_position",
    "queue_update",
    "session_updated",
    "status_change",
    "transfer_offer",
    "transfer_request",
    "typing",
    "unlogged",
]
