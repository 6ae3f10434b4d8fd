"""Who may use the workbench: every login session is checked here.

An agent is an active Django user; a supervisor is one in the group "supervisors", or a superuser.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from chatbot.conversations import errors
from chatbot.models.prepared_queries import PreparedQuery
from realtime import groups
from workbench.access.login_sessions import SessionStore, note_use
from workbench.access.signs_of_life import note_sign

SUPERVISORS = "supervisors"


@dataclass(frozen=True, slots=True)
class Agent:
    """A logged-in agent and what the rules of access need to know."""

    user: User
    is_supervisor: bool

    @property
    def id(self) -> str:
        return self.user.username


@dataclass(frozen=True, slots=True)
class Login:
    """What a login session says: whose it is, and the hash by which a changed password ends it."""

    user_id: int
    auth_hash: str


def logged_in_agent(request: HttpRequest) -> Agent:
    """The agent who makes this request; two queries. Raises Unauthenticated, Forbidden."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    row = _login_rows.first(key) if key else None
    login = _login(row.session_data) if row else None
    user = _user_rows.first(login.user_id) if login else None
    is_current = user is not None and login is not None and _hash_is_current(user, login.auth_hash)
    agent = check_agent(_agent(user) if user is not None and is_current else None)
    note_use(key)
    note_sign(request, agent.user.pk)
    return agent


def check_agent(agent: Agent | None) -> Agent:
    """Raise Unauthenticated for None, Forbidden for a user whose name no channel can have (`createsuperuser`)."""
    if agent is None:
        raise errors.Unauthenticated
    if not groups.is_valid_name(agent.id):
        raise errors.Forbidden(_("The workbench cannot be used under this username."))
    return agent


def agents_of(session_keys: Iterable[str]) -> dict[str, Agent]:
    """The active agent of each login session that is valid; two queries for any number of keys."""
    logins = _logins({key for key in session_keys if key})
    users = _users({login.user_id for login in logins.values()})
    return {
        key: users[login.user_id]
        for key, login in logins.items()
        if login.user_id in users and _hash_is_current(users[login.user_id].user, login.auth_hash)
    }


def _logins(keys: set[str]) -> dict[str, Login]:
    if not keys:
        return {}
    rows = _valid_logins().filter(session_key__in=keys)
    decoded = ((row.session_key, _login(row.session_data)) for row in rows)
    return {key: login for key, login in decoded if login is not None}


# Rights of open streams are checked every second: decoding costs an HMAC and a decompression.
@lru_cache(maxsize=1_000)
def _login(session_data: str) -> Login | None:
    """Who logged in, from a row of django_session; None for a visitor or a forged row."""
    content = SessionStore().decode(session_data)
    if content.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    try:
        return Login(int(content[SESSION_KEY]), content[HASH_SESSION_KEY])
    except (KeyError, ValueError):
        return None


def _users(ids: set[int]) -> dict[int, Agent]:
    if not ids:
        return {}
    return {user.pk: _agent(user) for user in _active_users().filter(pk__in=ids)}


def _valid_logins() -> QuerySet[Session]:
    return Session.objects.filter(expire_date__gt=Now()).defer("expire_date")


def _active_users() -> QuerySet[Any]:
    """Users with `in_supervisors`, without what no agent's call asks for."""
    membership = User.groups.through.objects.filter(user_id=OuterRef("pk"), group__name=SUPERVISORS)
    users = User.objects.filter(is_active=True).annotate(in_supervisors=Exists(membership))
    return users.defer("email", "last_login", "date_joined", "is_staff", "is_active")


_login_rows = PreparedQuery[Session, str](lambda key: _valid_logins().filter(session_key=key), sample="<key>")

_user_rows = PreparedQuery[Any, int](lambda pk: _active_users().filter(pk=pk), sample=-1)


def _agent(user: Any) -> Agent:
    """Of a row of _active_users."""
    return Agent(user, user.is_superuser or user.in_supervisors)


def _hash_is_current(user: User, auth_hash: str) -> bool:
    """As django.contrib.auth.get_user: also under the keys that are being rotated out."""
    valid = _auth_hashes(user.password, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(auth_hash, each) for each in valid)


@lru_cache(maxsize=1_000)
def _auth_hashes(password: str, *keys: str) -> list[str]:
    user = User(password=password)
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
