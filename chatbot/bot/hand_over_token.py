"""What a bot outside may show to have its customer handed over to people: for one session, for an hour."""

from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner

from chatbot.conversations.errors import NotFound

LIFETIME = timedelta(hours=1)
MAX_TOKEN_LENGTH = 200


def hand_over_token(session_name: str) -> str:
    """It opens nothing else: neither what was said, nor another session."""
    return _signer().sign(session_name)


def session_of_token(token: str) -> str:
    """The name of the session that a token is for. Raises NotFound, the same for whatever is wrong with it."""
    try:
        return _signer().unsign(token, max_age=LIFETIME)
    except BadSignature:
        raise NotFound from None


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="chatbot.bot.hand_over")
