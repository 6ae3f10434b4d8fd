"""Conversations: a session, its messages, what the bot knows and the answers that it still owes."""

from chatbot.models.bot import TURN_LEASE, BotAnswer, BotTurn, lease_has_run_out
from chatbot.models.closing import (
    MAX_CLOSING_REASON_LENGTH,
    MAX_COMMENT_LENGTH,
    MAX_SUMMARY_LENGTH,
    SILENCE,
    SPAM,
    Closing,
)
from chatbot.models.message import MAX_CLIENT_ID_LENGTH, MAX_CONTENT_LENGTH, Message, Role
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
    "MAX_CLIENT_ID_LENGTH",
    "MAX_CLOSING_REASON_LENGTH",
    "MAX_COMMENT_LENGTH",
    "MAX_CONTENT_LENGTH",
    "MAX_EMAIL_LENGTH",
    "MAX_NAME_LENGTH",
    "MAX_REASON_LENGTH",
    "MAX_SUMMARY_LENGTH",
    "PREVIEW_LENGTH",
    "SILENCE",
    "SPAM",
    "TURN_LEASE",
    "BotAnswer",
    "BotTurn",
    "ChatSession",
    "Closing",
    "Language",
    "Message",
    "Role",
    "SeenMessage",
    "Status",
    "lease_has_run_out",
]
