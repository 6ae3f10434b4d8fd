"""A customer begins a conversation."""

import secrets
from dataclasses import dataclass

from chatbot.models import ChatSession, Language
from chatbot.web.digests import digest


@dataclass(frozen=True, slots=True)
class StartedSession:
    """`token` is shown this once; the database keeps its digest."""

    session: ChatSession
    token: str


def start_session(
    *, browser_key: str, language: str, customer_name: str = "", customer_email: str = "", page: str = ""
) -> StartedSession:
    """Create a session that belongs to the browser with this key, and to a client with the returned token."""
    token = secrets.token_urlsafe(32)
    session = ChatSession.objects.create(
        name=f"s-{secrets.token_hex(12)}",
        language=Language.CHINESE if language.startswith("zh") else Language.ENGLISH,
        customer_name=customer_name,
        customer_email=customer_email,
        page=page,
        owner_digest=digest(browser_key),
        token_digest=digest(token),
    )
    return StartedSession(session, token)
