"""Who may open a session's stream: the same as may read the session, decided for all streams in one query."""

from typing import Any

import pytest
from django.core.signing import Signer

from chatbot.customers.access import BROWSER_COOKIE, authorise_streams
from chatbot.customers.streams import STREAM_ROUTES
from chatbot.tests.customer import make_session
from chatbot.web.digests import digest
from realtime import groups
from realtime.stream.request import Refusal, StreamRequest

pytestmark = pytest.mark.django_db


def request(name: str, *, key: str | None = None, authorization: str = "") -> StreamRequest:
    cookies = {BROWSER_COOKIE: Signer(salt="chatbot.browser").sign(key)} if key else {}
    headers = {"authorization": authorization} if authorization else {}
    return StreamRequest(kwargs={"name": name}, cookies=cookies, headers=headers, query={})


def status_of(answer: Refusal | tuple[str, ...]) -> int:
    return answer.status if isinstance(answer, Refusal) else 200


@pytest.fixture(autouse=True)
def _session() -> None:
    make_session("s-1", owner_digest=digest("key"), token_digest=digest("token"))


def test_the_browser_of_the_session_gets_its_channel() -> None:
    assert authorise_streams([request("s-1", key="key")]) == [(groups.session("s-1"),)]


@pytest.mark.parametrize("authorization", ["Bearer token", "bearer token", "Bearer  token "])
def test_the_token_gets_the_channel(authorization: str) -> None:
    assert authorise_streams([request("s-1", authorization=authorization)]) == [(groups.session("s-1"),)]


@pytest.mark.parametrize(
    "refused",
    [
        request("s-1"),
        request("s-1", key="another"),
        request("s-1", authorization="Bearer wrong"),
        request("s-1", authorization="Bearer"),
        request("s-1", authorization="Basic token"),
        request("s-1", authorization=f"Bearer {digest('token')}"),
        request("s-none", key="key"),
        request("a b", key="key"),
        request("s-1\n", key="key"),
        request("", key="key"),
        StreamRequest(kwargs={"name": "s-1"}, cookies={BROWSER_COOKIE: "key"}, headers={}, query={}),
        StreamRequest(kwargs={"name": "s-1"}, cookies={BROWSER_COOKIE: "key:forged"}, headers={}, query={}),
    ],
)
def test_everybody_else_gets_the_404_of_no_session(refused: StreamRequest) -> None:
    (answer,) = authorise_streams([refused])
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.code) == (404, "NOT_FOUND")


def test_a_session_without_digests_is_nobodys() -> None:
    make_session("s-2")
    (answer,) = authorise_streams([request("s-2", authorization="Bearer ")])
    assert status_of(answer) == 404


def test_answers_are_in_the_order_of_the_requests() -> None:
    answers = authorise_streams([request("s-none"), request("s-1", key="key"), request("s-1")])
    assert [status_of(answer) for answer in answers] == [404, 200, 404]


@pytest.mark.parametrize("count", [1, 50])
def test_any_number_of_streams_costs_one_query(count: int, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        authorise_streams([request(f"s-{n}", key="key") for n in range(count)])


def test_the_route_is_the_contracts() -> None:
    ((route, stream),) = STREAM_ROUTES
    assert (route, stream.authorise) == ("api/sessions/<str:name>/events", authorise_streams)
