"""Conversations: a session, its messages, what the bot knows and the answers that it still owes."""

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
from chatbot.models.message import MAX_CLIENT_ID_LENGTH, MAX_CONTENT_LENGTH, SYSTEM_SENDER, Message, Role
from chatbot.models.presence import PRESENCE_LEASE, Presence, PresenceHolder, is_held
from chatbot.models.seen import SeenMessage
from chatbot.models.session import (
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_REASON_LENGTH,
    PREVIEW_LENGTH,
    ChatSession,
    Language,
    Status,
)

__all__ = [
    "ATTACHMENT_ID_LENGTH",
    "MAX_CLIENT_ID_LENGTH",
    "MAX_CLOSING_REASON_LENGTH",
    "MAX_COMMENT_LENGTH",
    "MAX_CONTENT_LENGTH",
    "MAX_EMAIL_LENGTH",
    "MAX_FILE_NAME_LENGTH",
    "MAX_NAME_LENGTH",
    "MAX_REASON_LENGTH",
    "MAX_SUMMARY_LENGTH",
    "PRESENCE_LEASE",
    "PREVIEW_LENGTH",
    "SILENCE",
    "SPAM",
    "SYSTEM_SENDER",
    "TURN_LEASE",
    "Attachment",
    "BotAnswer",
    "BotTurn",
    "ChatSession",
    "Closing",
    "Language",
    "Message",
    "Presence",
    "PresenceHolder",
    "Role",
    "SeenMessage",
    "Status",
    "is_held",
    "lease_has_run_out",
]
