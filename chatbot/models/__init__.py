"""Conversations: a session, its messages, what the bot knows and the answers that it still owes."""

from chatbot.models.agent import (
    DEFAULT_CAPACITY,
    MAX_AVAILABILITY_REASON_LENGTH,
    AgentInterval,
    AgentPresence,
    AgentState,
    Availability,
    AvailabilityReason,
)
from chatbot.models.attachment import ATTACHMENT_ID_LENGTH, MAX_FILE_NAME_LENGTH, Attachment
from chatbot.models.bot import TURN_LEASE, BotAnswer, BotTurn, lease_has_run_out
from chatbot.models.closing import (
    MAX_CLOSING_REASON_LENGTH,
    MAX_COMMENT_LENGTH,
    MAX_SUMMARY_LENGTH,
    SILENCE,
    SPAM,
    Closing,
)
from chatbot.models.history import By, HistoryEntry, Phase, SessionInterval, What
from chatbot.models.mail import MailState, ReplyMail
from chatbot.models.message import MAX_CLIENT_ID_LENGTH, MAX_CONTENT_LENGTH, SYSTEM_SENDER, Message, Role
from chatbot.models.offer import MAX_NOTE_LENGTH, Offer, OfferEnd
from chatbot.models.presence import PRESENCE_LEASE, Presence, PresenceHolder, is_held
from chatbot.models.seen import SeenMessage
from chatbot.models.session import (
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_REASON_LENGTH,
    PREVIEW_LENGTH,
    QUEUE_ORDER,
    ChatSession,
    Language,
    Priority,
    Status,
)
from chatbot.models.team import (
    MAX_TEAM_NAME_LENGTH,
    MAX_TEAMS,
    Afterwards,
    Assignment,
    Holiday,
    OpeningHours,
    Team,
    TeamMember,
)

__all__ = [
    "ATTACHMENT_ID_LENGTH",
    "DEFAULT_CAPACITY",
    "MAX_AVAILABILITY_REASON_LENGTH",
    "MAX_CLIENT_ID_LENGTH",
    "MAX_CLOSING_REASON_LENGTH",
    "MAX_COMMENT_LENGTH",
    "MAX_CONTENT_LENGTH",
    "MAX_EMAIL_LENGTH",
    "MAX_FILE_NAME_LENGTH",
    "MAX_NAME_LENGTH",
    "MAX_NOTE_LENGTH",
    "MAX_REASON_LENGTH",
    "MAX_SUMMARY_LENGTH",
    "MAX_TEAMS",
    "MAX_TEAM_NAME_LENGTH",
    "PRESENCE_LEASE",
    "PREVIEW_LENGTH",
    "QUEUE_ORDER",
    "SILENCE",
    "SPAM",
    "SYSTEM_SENDER",
    "TURN_LEASE",
    "Afterwards",
    "AgentInterval",
    "AgentPresence",
    "AgentState",
    "Assignment",
    "Attachment",
    "Availability",
    "AvailabilityReason",
    "BotAnswer",
    "BotTurn",
    "By",
    "ChatSession",
    "Closing",
    "HistoryEntry",
    "Holiday",
    "Language",
    "MailState",
    "Message",
    "Offer",
    "OfferEnd",
    "OpeningHours",
    "Phase",
    "Presence",
    "PresenceHolder",
    "Priority",
    "ReplyMail",
    "Role",
    "SeenMessage",
    "SessionInterval",
    "Status",
    "Team",
    "TeamMember",
    "What",
    "is_held",
    "lease_has_run_out",
]
