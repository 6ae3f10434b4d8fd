"""Which channels the stream of an agent may read."""

from collections.abc import Callable, Mapping, Sequence

from django.conf import settings

from chatbot.conversations import errors
from chatbot.models import ChatSession
from chatbot.web.refusals import refusal
from realtime import groups
from realtime.groups import Channel
from realtime.stream.request import Refusal, StreamRequest
from workbench.access.agents import Agent, agents_of, check_agent
from workbench.access.sessions import may_read

# A position names at most 10 channels (realtime/stream/position.py): the agent's own, broadcast, and these.
MAX_WATCHED = 8


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
    except errors.ApiError as error:
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
