"""What a bot outside may show to have its customer handed over to people: for one session, for an hour."""

from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner

from chatbot.conversations.errors import NotFound

LIFETIME = timedelta(hours=1)
MAX_TOKEN_LENGTH = 200


def hand_over_token(session_name: str, came_to_bot: datetime | None) -> str:
    """It opens nothing else: neither what was said, nor another session; nor this one once people have had it."""
    return _signer().sign(f"{session_name}~{_mark(came_to_bot)}")


def read_token(token: str) -> tuple[str, str]:
    """The session's name, and what `is_current` compares. Raises NotFound, the same for whatever is wrong with it."""
    try:
        name, _, mark = _signer().unsign(token, max_age=LIFETIME).partition("~")
    except BadSignature:
        raise NotFound from None
    return name, mark


def is_current(mark: str, came_to_bot: datetime | None) -> bool:
    """Whether the session is with the bot since then: a bot that comes late must not call people again."""
    return mark == _mark(came_to_bot)


def _mark(came_to_bot: datetime | None) -> str:
    return str(came_to_bot.timestamp()) if came_to_bot else ""


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="chatbot.bot.hand_over")
