"""Which channels the stream of an agent may read."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from django.conf import settings

from chatbot.conversations import errors
from chatbot.conversations.events import desk_of
from chatbot.conversations.teams import further_keys, keys_of_members
from chatbot.models import ChatSession
from chatbot.web.refusals import refusal
from realtime import groups
from realtime.groups import Channel
from realtime.stream.request import Refusal, StreamRequest
from workbench.access.agents import Agent, agents_of, check_agent
from workbench.access.sessions import may_read

# A stream has at most 60 channels (realtime/stream/position.py): the agent's own, broadcast, the teams', and these.
MAX_WATCHED = 8

# By an agent's id, the channels of the teams that he hears.
Teams = Mapping[int, tuple[Channel, ...]]


def authorise_agent_streams(requests: Sequence[StreamRequest]) -> list[Refusal | tuple[Channel, ...]]:
    """For each stream of an agent: the desk's channels, and of `?watch=<session>` those that they may read.

    Five queries for any number of streams, one less where no session is watched or no supervisor is among the agents;
    changes nothing.
    """
    agents = agents_of(session_key(request) for request in requests)
    teams = _team_channels({agent.user.pk: agent for agent in agents.values()}.values())
    sessions = _session_rights({name for request in requests for name in _watched(request)})
    return [_answer(partial(_agent_channels, teams), request, agents, sessions) for request in requests]


def desk_channels(agent: Agent) -> tuple[Channel, ...]:
    """What an agent's page reads beside sessions: his own channel, broadcast, those of his teams; one query.

    Of a supervisor's page those of all teams.
    """
    return _desk_channels(_team_channels([agent]), agent)


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


def _agent_channels(teams: Teams, request: StreamRequest, agent: Agent, sessions: Rights) -> tuple[Channel, ...]:
    watched = [name for name in _watched(request) if name in sessions and may_read(agent, *sessions[name])]
    return (*_desk_channels(teams, agent), *(groups.session(name) for name in watched))


def _desk_channels(teams: Teams, agent: Agent) -> tuple[Channel, ...]:
    return (groups.agent(agent.id), groups.BROADCAST, *teams[agent.user.pk])


def _team_channels(agents: Collection[Agent]) -> Teams:
    supervisors = [agent for agent in agents if agent.is_supervisor]
    others = [agent.user.pk for agent in agents if not agent.is_supervisor]
    everything = tuple(desk_of(key) for key in further_keys()) if supervisors else ()
    served = keys_of_members(others) if others else {}
    return {
        **{supervisor.user.pk: everything for supervisor in supervisors},
        **{pk: tuple(desk_of(key) for key in keys if key is not None) for pk, keys in served.items()},
    }


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
