"""Whose session is it? Every way in to a customer's session goes through here.

A session belongs to the browser that created it, which shows the signed cookie `chat_browser`, and to a client with its
token (`Authorization: Bearer …`). The database has digests only. All others get the 404 of a session that does not
exist.

Under HTTPS the cookie is called `__Host-chat_browser`, which no other host can plant. One of the plain name, from
before HTTPS, still opens the sessions that it made. It gets no new ones: another host that planted it could read them.

Who opens a link of an e-mail gets the signed cookie `chat_links`, which names the sessions that were opened so by the
digests of their tokens: these sessions only, not the others of the browser that made them.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.signing import BadSignature, Signer, TimestampSigner
from django.db import connection
from django.http import HttpRequest, HttpResponse

from chatbot.conversations.credentials import Credentials, linked_key
from chatbot.conversations.errors import AttachmentNotFound, NotFound
from chatbot.conversations.names import check_name
from chatbot.conversations.selectors import find_session
from chatbot.models import Attachment, ChatSession, Role
from chatbot.web.digests import digest
from chatbot.web.refusals import refusal
from realtime import groups
from realtime.database import among
from realtime.groups import Channel
from realtime.stream.request import Refusal, StreamRequest

BROWSER_COOKIE = "chat_browser"

COOKIE_SECONDS = 365 * 24 * 3600

LINKS_COOKIE = "chat_links"
LINKS_COOKIE_SECONDS = 30 * 24 * 3600
MAX_LINKED = 5  # sessions in one cookie: the last ones

BEARER = "bearer "


def credentials_of(cookies: Mapping[str, str], authorization: str) -> Credentials:
    """What a request's cookies and Authorization header prove."""
    values = dict.fromkeys(cookies.get(name, "") for name in (browser_cookie(), BROWSER_COOKIE))
    digests = [_digest_of_cookie(value) for value in values if value]
    bearer = authorization[: len(BEARER)].lower() == BEARER
    return Credentials(
        owner_digests=tuple(digest for digest in digests if digest),
        token_digest=digest(authorization[len(BEARER) :].strip()) if bearer else None,
        linked=_linked(cookies.get(_links_cookie(), "")),
    )


def browser_cookie() -> str:
    """The name of the cookie of a browser."""
    return f"{settings.HOST_PREFIX}{BROWSER_COOKIE}"


def browser_key(request: HttpRequest) -> str | None:
    """The key in the browser's cookie, None if there is none or it is forged."""
    return _unsign(request.COOKIES.get(browser_cookie(), ""))


def make_browser_key() -> str:
    return secrets.token_urlsafe(32)


def set_browser_cookie(response: HttpResponse, key: str) -> None:
    """Make the browser the owner of what was created with this key."""
    response.set_cookie(
        browser_cookie(),
        _signer().sign(key),
        max_age=COOKIE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def set_links_cookie(request: HttpRequest, response: HttpResponse, session: ChatSession) -> None:
    """Let this browser read and write this one session, beside those that it may already."""
    known = _linked(request.COOKIES.get(_links_cookie(), ""))
    key = linked_key(session.token_digest, session.customer_email)
    others = [each for each in known if each != key]
    response.set_cookie(
        _links_cookie(),
        _links_signer().sign(".".join([*others, key][-MAX_LINKED:])),
        max_age=LINKS_COOKIE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def keep_link(request: HttpRequest, response: HttpResponse, session: ChatSession) -> None:
    """Who came by a link, and has just changed the address, goes on in his conversation."""
    if not all_credentials_on(request).covers_session(session):
        set_links_cookie(request, response, session)


def _links_cookie() -> str:
    return f"{settings.HOST_PREFIX}{LINKS_COOKIE}"


def credentials_on(request: HttpRequest, name: str) -> Credentials:
    """What the caller shows for the session of this name, for an action to check where it locks the session.

    No query. Raises NotFound if no session can be called so.
    """
    check_name(name)
    return all_credentials_on(request)


def all_credentials_on(request: HttpRequest) -> Credentials:
    """What the caller shows, for whatever session. No query."""
    return credentials_of(request.COOKIES, request.META.get("HTTP_AUTHORIZATION", ""))


def own_session(request: HttpRequest, name: str) -> ChatSession:
    """The caller's session of this name, with its assignee; one query. Raises NotFound."""
    credentials = credentials_on(request, name)
    session = find_session(name)
    if session is None or not credentials.covers_session(session):
        raise NotFound
    return session


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session of the caller's, and the id of the agent who has it."""

    name: str
    agent_id: str | None


def find_own(shown: Sequence[tuple[str, Credentials]]) -> list[OwnSession | None]:
    """For each name, and what is shown for it, the session; None if it is not the caller's. One query for all."""
    condition, parameter = among({name for name, _ in shown})
    users = get_user_model()._meta
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, owner_digest, token_digest, customer_email, {users.db_table}.username"
            f" FROM chatbot_chatsession LEFT JOIN {users.db_table} ON {users.db_table}.id = assignee_id"
            f" WHERE name {condition}",
            [parameter],
        )
        rows = {name: (owned, agent_id) for name, *owned, agent_id in cursor.fetchall()}
    return [
        OwnSession(name, rows[name][1]) if name in rows and credentials.covers(*rows[name][0]) else None
        for name, credentials in shown
    ]


def own_attachment(request: HttpRequest, attachment_id: str) -> Attachment:
    """A file that the caller may read: of one of their sessions, sent in a message or their own; one query.

    Raises AttachmentNotFound.
    """
    found = Attachment.objects.select_related("session").filter(pk=attachment_id).first()
    if found is None or found.session is None:
        raise AttachmentNotFound
    is_own = all_credentials_on(request).covers_session(found.session)
    if not is_own or (found.message_id is None and found.role != Role.CUSTOMER):
        raise AttachmentNotFound
    return found


def authorise_streams(requests: Sequence[StreamRequest]) -> list[Refusal | tuple[Channel, ...]]:
    """For each stream its channel, or why it is refused. One query for all; changes nothing."""
    owners = _owners({name for request in requests if groups.is_valid_name(name := request.kwargs["name"])})
    return [_authorise(request, owners) for request in requests]


def _owners(names: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """The digests of each session that exists, and its customer's address."""
    condition, parameter = among(names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, owner_digest, token_digest, customer_email FROM chatbot_chatsession WHERE name {condition}",
            [parameter],
        )
        return {name: (owner, token, email) for name, owner, token, email in cursor.fetchall()}


def _authorise(request: StreamRequest, owners: Mapping[str, tuple[str, str, str]]) -> Refusal | tuple[Channel, ...]:
    name = request.kwargs["name"]
    credentials = credentials_of(request.cookies, request.headers.get("authorization", ""))
    if name in owners and credentials.covers(*owners[name]):
        return (groups.session(name),)
    return refusal(NotFound())


def _signer() -> Signer:
    return Signer(salt="chatbot.browser")


def _unsign(cookie: str) -> str | None:
    try:
        return _signer().unsign(cookie)
    except BadSignature:
        return None


def _links_signer() -> TimestampSigner:
    return TimestampSigner(salt="chatbot.links")


def _linked(cookie: str) -> tuple[str, ...]:
    """What the cookie names; nothing if it is forged or too old, whatever the browser says of its age."""
    if not cookie:
        return ()
    try:
        return tuple(_links_signer().unsign(cookie, max_age=LINKS_COOKIE_SECONDS).split("."))
    except BadSignature:
        return ()


# Rights of open streams are checked every second; an HMAC for each would be most of that work.
@lru_cache(maxsize=10_000)
def _digest_of_cookie(cookie: str) -> str | None:
    key = _unsign(cookie)
    return digest(key) if key is not None else None
