"""The types of events, for readers of docs/events.md and for tests."""

from dataclasses import dataclass
from typing import Final, Literal

from chatbot.conversations.events.agents import AgentsChanged, AgentStatus
from chatbot.conversations.events.answering import MessageDelta
from chatbot.conversations.events.customer import CustomerChange
from chatbot.conversations.events.messages import MessageJson
from chatbot.conversations.events.offers import OfferEnded, TransferAnswer, TransferOffer
from chatbot.conversations.events.presence import CustomerPresence
from chatbot.conversations.events.queue import QueuePosition, QueueUpdate
from chatbot.conversations.events.receipts import Receipt
from chatbot.conversations.events.sessions import QueuedTransferRequest, StatusChange, TransferRequest
from chatbot.conversations.events.typing import Typing
from chatbot.conversations.events.updates import SessionUpdate

# A session's channel; an agent's; that of everybody and of the default team; another team's.
ChannelKind = Literal["session", "agent", "broadcast", "team"]

DESK: Final[tuple[ChannelKind, ...]] = ("broadcast", "team")  # of a session's team: one of the two


@dataclass(frozen=True, slots=True)
class EventType:
    """What a reader needs to know of a type; docs/events.md says the same to people outside."""

    description: str
    channels: tuple[ChannelKind, ...]
    payload: type
    durable: bool = True
    payload_on_session: type | None = None  # where the customer sees less than agents do

    def payload_on(self, kind: ChannelKind) -> type:
        """The type of the payload on a channel of this kind."""
        return self.payload_on_session or self.payload if kind == "session" else self.payload


EVENT_TYPES: Final[dict[str, EventType]] = {
    "new_message": EventType(
        "A message was written; the agent is its session's assignee.", ("session", "agent"), MessageJson
    ),
    "message_delta": EventType(
        "The bot is writing: a piece of the message to come.", ("session",), MessageDelta, durable=False
    ),
    "status_change": EventType(
        "A session went from one status or assignee to another.", ("session", *DESK), StatusChange
    ),
    "transfer_request": EventType(
        "A customer waits for an agent.",
        ("session", *DESK),
        QueuedTransferRequest,
        payload_on_session=TransferRequest,
    ),
    "session_updated": EventType(
        "A session has another team or priority, other labels, or is put on hold or resumed.", DESK, SessionUpdate
    ),
    "transfer_offer": EventType(
        "A session is offered to the agent, or by him to another one.", ("agent",), TransferOffer
    ),
    "transfer_accepted": EventType("The receiver of a transfer has the session now.", ("agent",), TransferAnswer),
    "transfer_declined": EventType("The receiver of a transfer does not want it.", ("agent",), TransferAnswer),
    "offer_ended": EventType("An offer is over, however it ended.", ("agent",), OfferEnded),
    "agent_status": EventType(
        "An agent has come or gone for good, or has chosen to be available, busy or away.",
        ("broadcast",),
        AgentStatus,
    ),
    "agents_changed": EventType(
        "So many agents have come or gone at once that each is not told of: fetch the agents.",
        ("broadcast",),
        AgentsChanged,
    ),
    "customer_change": EventType("A customer has said who they are.", DESK, CustomerChange),
    "message_delivered": EventType(
        "One side has got what the other wrote, up to this message.", ("session", "agent"), Receipt, durable=False
    ),
    "message_read": EventType(
        "One side has seen what the other wrote, up to this message.", ("session", "agent"), Receipt, durable=False
    ),
    "typing": EventType("One side writes at this moment.", ("session", "agent"), Typing, durable=False),
    "customer_presence": EventType(
        "The customer of a session that waits, or is the agent's, has come or has gone.",
        ("agent", *DESK),
        CustomerPresence,
        durable=False,
    ),
    "queue_update": EventType(
        "A team's queue has another length or head; at most two a second.", DESK, QueueUpdate, durable=False
    ),
    "queue_position": EventType("A waiting customer's place.", ("session",), QueuePosition, durable=False),
}
