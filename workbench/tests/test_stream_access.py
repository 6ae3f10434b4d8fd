"""Who may open which stream, decided for all streams at once and again every second."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatbot.conversations.teams import default_team
from chatbot.models import MAX_TEAMS, ChatSession, Status, Team, TeamMember
from chatbot.tests.people import make_team
from realtime import groups
from realtime.stream.position import decode_position, encode_position
from realtime.stream.request import Refusal, StreamRequest
from workbench.access.agents import Agent
from workbench.access.streams import MAX_WATCHED, authorise_agent_streams, authorise_session_streams, desk_channels
from workbench.api.streams import STREAM_ROUTES
from workbench.tests.agent import add_session, make_colleague

pytestmark = pytest.mark.django_db

OWN = (groups.agent("alice"), groups.BROADCAST)


def request(
    username: str, *, name: str = "", watch: tuple[str, ...] = (), is_supervisor: bool = False
) -> StreamRequest:
    """A stream of a freshly logged-in agent; of nobody if `username` is empty."""
    client = Client()
    if username:
        client.force_login(make_colleague(username, is_supervisor=is_supervisor).user)
    cookies = {key: morsel.value for key, morsel in client.cookies.items()}
    return StreamRequest(kwargs={"name": name} if name else {}, cookies=cookies, headers={}, query={"watch": watch})


def status_of(answer: Refusal | tuple[str, ...]) -> int:
    return answer.status if isinstance(answer, Refusal) else 200


def test_an_agents_stream_has_their_channel_and_broadcast() -> None:
    assert authorise_agent_streams([request("alice")]) == [OWN]


def test_without_login_there_is_no_stream() -> None:
    (answer,) = authorise_agent_streams([request("")])
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")


def test_a_deactivated_agents_stream_ends() -> None:
    stream = request("alice")
    User.objects.update(is_active=False)
    assert status_of(authorise_agent_streams([stream])[0]) == 401


def test_a_logged_out_agents_stream_ends(client: Client) -> None:
    client.force_login(make_colleague("alice").user)
    stream = StreamRequest({}, {key: each.value for key, each in client.cookies.items()}, {}, {})
    client.logout()
    assert status_of(authorise_agent_streams([stream])[0]) == 401


def test_a_watched_session_is_part_of_the_stream() -> None:
    add_session("s-1")
    (channels,) = authorise_agent_streams([request("alice", watch=("s-1",))])
    assert channels == (*OWN, groups.session("s-1"))


def test_a_watched_session_that_a_colleague_takes_leaves_the_stream() -> None:
    add_session("s-1")
    stream = request("alice", watch=("s-1",))
    ChatSession.objects.update(status=Status.MANUAL_LIVE, assignee=make_colleague("bob").user)
    assert authorise_agent_streams([stream]) == [OWN]


def test_a_supervisor_watches_live_sessions_of_others() -> None:
    add_session("s-1", Status.MANUAL_LIVE, "bob")
    (channels,) = authorise_agent_streams([request("carol", watch=("s-1",), is_supervisor=True)])
    assert channels == (groups.agent("carol"), groups.BROADCAST, groups.session("s-1"))


@pytest.mark.parametrize("watch", [("s-none",), ("a b", ""), ("s-1\n",)])
def test_what_cannot_be_watched_is_left_out(watch: tuple[str, ...]) -> None:
    assert authorise_agent_streams([request("alice", watch=watch)]) == [OWN]


def test_a_session_is_watched_once_however_often_it_is_named() -> None:
    add_session("s-1")
    (channels,) = authorise_agent_streams([request("alice", watch=("s-1", "s-1"))])
    assert channels == (*OWN, groups.session("s-1"))


def test_a_position_can_name_all_channels_of_a_stream() -> None:
    names = tuple(f"s-{n}" for n in range(MAX_WATCHED + 5))
    for name in names:
        add_session(name)
    (channels,) = authorise_agent_streams([request("alice", watch=names)])
    assert not isinstance(channels, Refusal)
    assert len(channels) == MAX_WATCHED + 2


def team_channel(team: Team) -> str:
    return groups.channel("team", str(team.pk))


def test_an_agent_hears_his_teams() -> None:
    billing, _ = make_team("Billing", "alice"), make_team("Sales", "bob")
    assert authorise_agent_streams([request("alice")]) == [(*OWN, team_channel(billing))]


def test_the_default_team_is_heard_on_broadcast() -> None:
    TeamMember.objects.create(team=default_team(), agent=make_colleague("alice").user)
    assert authorise_agent_streams([request("alice")]) == [OWN]


def test_a_supervisor_hears_all_teams() -> None:
    teams = [make_team("Billing", "alice"), make_team("Accounts", "carol")]
    (channels,) = authorise_agent_streams([request("carol", is_supervisor=True)])
    assert channels == (groups.agent("carol"), groups.BROADCAST, *map(team_channel, teams))


def test_who_leaves_a_team_hears_it_no_more() -> None:
    team = make_team("Billing", "alice")
    stream = request("alice")
    assert authorise_agent_streams([stream]) == [(*OWN, team_channel(team))]
    TeamMember.objects.all().delete()
    assert authorise_agent_streams([stream]) == [OWN]


def test_a_supervisors_stream_fits_into_a_position_with_all_teams_and_sessions() -> None:
    for n in range(MAX_TEAMS):
        make_team(f"team {n}")
    names = tuple(f"{n}".rjust(64, "s") for n in range(MAX_WATCHED))
    for name in names:
        add_session(name)
    (channels,) = authorise_agent_streams([request("carol", watch=names, is_supervisor=True)])
    assert not isinstance(channels, Refusal)
    assert len(channels) == 2 + MAX_TEAMS + MAX_WATCHED
    position = dict.fromkeys(map(str, channels), 10**18 - 1)
    assert decode_position(encode_position(position), channels) == position


def test_the_position_of_lists_covers_what_a_page_reads() -> None:
    make_team("Billing", "alice")
    stream = request("alice")
    agent = Agent(User.objects.get(username="alice"), is_supervisor=False)
    assert authorise_agent_streams([stream]) == [desk_channels(agent)]


@pytest.mark.parametrize(
    ("reader", "status", "expected"),
    [
        ("alice", Status.BOT_ACTIVE, 200),
        ("alice", Status.PENDING_MANUAL, 200),
        ("alice", Status.CLOSED, 200),
        ("alice", Status.MANUAL_LIVE, 403),
        ("bob", Status.MANUAL_LIVE, 200),
        ("", Status.BOT_ACTIVE, 401),
    ],
)
def test_who_may_read_a_session_may_open_its_stream(reader: str, status: Status, expected: int) -> None:
    add_session("s-1", status, "bob" if status == Status.MANUAL_LIVE else "")
    assert status_of(authorise_session_streams([request(reader, name="s-1")])[0]) == expected


def test_a_supervisor_may_open_the_stream_of_any_session() -> None:
    add_session("s-1", Status.MANUAL_LIVE, "bob")
    stream = request("carol", name="s-1", is_supervisor=True)
    assert authorise_session_streams([stream]) == [(groups.session("s-1"),)]


def test_a_superuser_is_a_supervisor() -> None:
    add_session("s-1", Status.MANUAL_LIVE, "bob")
    stream = request("alice", name="s-1")
    User.objects.filter(username="alice").update(is_superuser=True)
    assert status_of(authorise_session_streams([stream])[0]) == 200


@pytest.mark.parametrize("name", ["s-none", "a b", "s-1\n"])
def test_an_unknown_session_has_no_stream(name: str) -> None:
    add_session("s-1")
    assert status_of(authorise_session_streams([request("alice", name=name)])[0]) == 404


@pytest.mark.parametrize("count", [1, 20])
def test_any_number_of_streams_costs_five_queries_at_most(count: int, django_assert_num_queries: Any) -> None:
    for n in range(count):
        add_session(f"s-{n}")
        make_team(f"team {n}", f"agent-{n}")
    streams = [request(f"agent-{n}", name=f"s-{n}", watch=(f"s-{n}",)) for n in range(count)]
    with django_assert_num_queries(4):
        authorise_agent_streams(streams)
    supervisor = request("carol", is_supervisor=True)
    with django_assert_num_queries(5):
        authorise_agent_streams([*streams, supervisor])
    with django_assert_num_queries(3):
        authorise_session_streams(streams)


def test_the_routes_are_the_contracts() -> None:
    assert [route for route, _ in STREAM_ROUTES] == ["api/agent/events", "api/sessions/<str:name>/events"]
