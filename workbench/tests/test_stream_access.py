"""Who may open which stream, decided for all streams at once and again every second."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatbot.models import ChatSession, Status
from realtime import groups
from realtime.stream.request import Refusal, StreamRequest
from workbench.access.streams import MAX_WATCHED, authorise_agent_streams, authorise_session_streams
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
def test_any_number_of_streams_costs_three_queries(count: int, django_assert_num_queries: Any) -> None:
    for n in range(count):
        add_session(f"s-{n}")
    streams = [request(f"agent-{n}", name=f"s-{n}", watch=(f"s-{n}",)) for n in range(count)]
    with django_assert_num_queries(3):
        authorise_agent_streams(streams)
    with django_assert_num_queries(3):
        authorise_session_streams(streams)


def test_the_routes_are_the_contracts() -> None:
    assert [route for route, _ in STREAM_ROUTES] == ["api/agent/events", "api/sessions/<str:name>/events"]
