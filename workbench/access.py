"""Who may use the workbench, and what of it: every login session and every right to read a session is checked here.

An agent is an active Django user; a supervisor is one in the group "supervisors", or a superuser.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django.views.csrf import csrf_failure as html_csrf_failure

from chatbot import errors
from chatbot.access import check_name, refusal
from chatbot.http import error_response, is_api
from chatbot.models import ChatSession, Status
from chatbot.prepared import PreparedQuery
from realtime import groups
from realtime.groups import Channel
from realtime.stream.request import Refusal, StreamRequest
from workbench.login_sessions import SessionStore, note_use

SUPERVISORS = "supervisors"
# A position names at most 10 channels (realtime/stream/position.py): the agent's own, broadcast, and these.
MAX_WATCHED = 8


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
    return agent


def check_agent(agent: Agent | None) -> Agent:
    """Raise Unauthenticated for nobody, Forbidden for a user whose name no channel can have (`createsuperuser`)."""
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


def readable_by(agent: Agent) -> Q:
    """Which sessions an agent may read: all but the live ones of others."""
    return Q() if agent.is_supervisor else ~Q(status=Status.MANUAL_LIVE) | Q(assignee=agent.user)


def may_read(agent: Agent, status: str, assignee_id: int | None) -> bool:
    """The rule of `readable_by` for one session."""
    return agent.is_supervisor or status != Status.MANUAL_LIVE or assignee_id == agent.user.pk


def find_session(name: str) -> ChatSession:
    """A session with its assignee, whoever may read it; one query. Raises NotFound."""
    check_name(name)
    session = ChatSession.objects.select_related("assignee").filter(name=name).first()
    if session is None:
        raise errors.NotFound
    return session


def readable_session(agent: Agent, name: str) -> ChatSession:
    """A session that the agent may read, with its assignee; one query. Raises NotFound, NotAssignee."""
    session = find_session(name)
    check_readable(session, agent)
    return session


def check_readable(session: ChatSession, agent: Agent) -> None:
    """Raise NotAssignee unless the agent may read the session."""
    if not may_read(agent, session.status, session.assignee_id):
        raise errors.NotAssignee


def authorise_agent_streams(requests: Sequence[StreamRequest]) -> list[Refusal | tuple[Channel, ...]]:
    """For each stream of an agent: their channel, broadcast, and of `?watch=<session>` those that they may read.

    Three queries for any number of streams; changes nothing.
    """
    agents = agents_of(session_key(request) for request in requests)
    sessions = _session_rights({name for request in requests for name in _watched(request)})
    return [_answer(_agent_channels, request, agents, sessions) for request in requests]


def authorise_session_streams(requests: Sequence[StreamRequest]) -> list[Refusal | tuple[Channel, ...]]:
    """For each stream of one session: its channel, or why it is refused. Three queries for any number of streams."""
    agents = agents_of(session_key(request) for request in requests)
    names = {request.kwargs["name"] for request in requests}
    sessions = _session_rights({name for name in names if groups.is_valid_name(name)})
    return [_answer(_session_channel, request, agents, sessions) for request in requests]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: below /api/ the error object; a caller without a login hears of that first."""
    if not is_api(request):
        return html_csrf_failure(request, reason)
    if not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        return error_response(errors.Unauthenticated())
    return error_response(errors.CsrfFailed())


# status and assignee of a session
Rights = Mapping[str, tuple[str, int | None]]


def _answer(
    rule: Callable[[StreamRequest, Agent, Rights], tuple[Channel, ...]],
    request: StreamRequest,
    agents: Mapping[str, Agent],
    sessions: Rights,
) -> Refusal | tuple[Channel, ...]:
    try:
        return rule(request, check_agent(agents.get(session_key(request))), sessions)
    except errors.Refused as error:
        return refusal(error)


def _agent_channels(request: StreamRequest, agent: Agent, sessions: Rights) -> tuple[Channel, ...]:
    watched = [name for name in _watched(request) if name in sessions and may_read(agent, *sessions[name])]
    return (groups.agent(agent.id), groups.BROADCAST, *(groups.session(name) for name in watched))


def _session_channel(request: StreamRequest, agent: Agent, sessions: Rights) -> tuple[Channel, ...]:
    name = request.kwargs["name"]
    if name not in sessions:
        raise errors.NotFound
    if not may_read(agent, *sessions[name]):
        raise errors.NotAssignee
    return (groups.session(name),)


def session_key(request: StreamRequest) -> str:
    """The key of the login session that a stream's client shows."""
    return request.cookies.get(settings.SESSION_COOKIE_NAME, "")


def _watched(request: StreamRequest) -> list[str]:
    """The first few different names of `?watch=` that can be names of sessions."""
    names = dict.fromkeys(request.query.get("watch", ()))
    return [name for name in names if groups.is_valid_name(name)][:MAX_WATCHED]


def _session_rights(names: set[str]) -> dict[str, tuple[str, int | None]]:
    if not names:
        return {}
    rows = ChatSession.objects.filter(name__in=names).values_list("name", "status", "assignee_id")
    return {name: (status, assignee_id) for name, status, assignee_id in rows}


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
