"""The links of e-mails, which lead back into one conversation: signed, for a limited time.

A link has its proof behind a `#`, which browsers send to no server: what fetches links to look at them, as programs
that scan mail do, learns nothing and changes nothing. The page hands it in with a POST.
"""

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.utils.crypto import constant_time_compare

from chatbot.conversations.errors import LinkInvalid
from chatbot.conversations.selectors import find_session
from chatbot.models import ChatSession
from chatbot.web.digests import KEY_DIGITS, digest

LINK_LIFETIME = timedelta(days=7)
MAX_LINK_LENGTH = 200
FRAGMENT = "#link="


def link_to(session: ChatSession) -> str:
    """The address of the chat page that opens this session, for who reads the mail of its customer."""
    return f"{settings.CHAT_URL}{FRAGMENT}{sign(session)}"


def sign(session: ChatSession) -> str:
    return _signer().sign(f"{session.name}~{_mark(session)}")


def linked_session(link: str) -> ChatSession:
    """The session that a link is for; one query. Raises LinkInvalid, the same for whatever is wrong with it.

    A customer who corrects his address makes links to the former one worthless.
    """
    try:
        name, _, mark = _signer().unsign(link, max_age=LINK_LIFETIME).partition("~")
    except BadSignature:
        raise LinkInvalid from None
    session = find_session(name)
    if session is None or not constant_time_compare(mark, _mark(session)):
        raise LinkInvalid
    return session


def _mark(session: ChatSession) -> str:
    return digest(session.customer_email)[:KEY_DIGITS]


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="chatbot.mail.link")
