"""That the customer writes is told past Django, and nothing gets through there that would not get through Django."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import OperationalError
from limits import parse

from chatbot.conversations.typing_pace import TypingPace
from chatbot.customers.actions import tell_typing
from chatbot.customers.shortcut import TypingShortcut
from chatbot.models import ChatSession
from chatbot.tests.customer import make_session
from chatbot.web.digests import digest
from config import asgi
from config.handler import ApiHandler
from realtime.database import in_database
from tests.handler_calls import CHATBOT, JSON, call

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/sessions/s-1/typing"
OWNER = {**JSON, "authorization": "Bearer token-1"}
BODY = b'{"active": true}'


@pytest.fixture
async def told(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What is told of the session s-1."""
    sent: list[bool] = []
    monkeypatch.setattr(tell_typing, "_pace", TypingPace())
    monkeypatch.setattr(
        tell_typing, "send_many", lambda items: sent.extend(each.payload["active"] for _, each in items)
    )
    await in_database(make_session, "s-1", token_digest=digest("token-1"))
    return sent


@pytest.fixture
def handler() -> ApiHandler:
    return ApiHandler(CHATBOT, TypingShortcut())


@pytest.fixture
def _no_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(handler: ApiHandler, request: object) -> None:
        raise AssertionError("Django was asked")

    monkeypatch.setattr(ApiHandler, "get_response_async", fail)


async def write(handler: Any, headers: Mapping[str, str] = OWNER, body: bytes = BODY) -> int:
    status, _, _ = await call(handler, "POST", PATH, headers, body)
    return status


@pytest.mark.usefixtures("_no_long_way")
@pytest.mark.parametrize("more", [{}, {"origin": "http://localhost"}])
async def test_django_is_not_asked(handler: ApiHandler, told: list[bool], more: dict[str, str]) -> None:
    status, headers, body = await call(handler, "POST", PATH, OWNER | more, BODY)
    assert (status, headers["cache-control"], body) == (204, "no-store", b"")
    assert await write(handler, OWNER | more, b'{"active": false, "more": 1}') == 204
    assert told == [True, False]


@pytest.mark.usefixtures("_no_long_way")
async def test_the_service_has_it(told: list[bool]) -> None:
    assert await write(asgi.chatbot._application) == 204
    assert told == [True]


@pytest.mark.parametrize(
    ("more", "body", "status"),
    [
        ({"authorization": "Bearer token-2"}, BODY, 404),
        ({"authorization": "", "cookie": "chat_browser=forged:x"}, BODY, 404),
        ({"authorization": ""}, b"{}", 404),
        ({"origin": "https://evil.example"}, BODY, 403),
        ({"origin": "null"}, BODY, 403),
        ({"host": "evil.example"}, BODY, 400),
        ({"content-type": "text/plain"}, BODY, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"active=true", 415),
        ({}, b'{"active": "yes"}', 400),
        ({}, b'{"active": 1}', 400),
        ({}, b"[true]", 400),
        ({}, b"", 400),
        ({"content-length": "999999"}, b"", 413),
        ({"authorization": "Bearer token-2", "accept-language": "zh-hans"}, BODY, 404),
    ],
)
async def test_what_is_refused_is_refused_as_django_does(
    handler: ApiHandler, told: list[bool], more: dict[str, str], body: bytes, status: int
) -> None:
    answer = await call(handler, "POST", PATH, OWNER | more, body)
    assert answer == await call(ApiHandler(CHATBOT), "POST", PATH, OWNER | more, body)
    assert (answer[0], told) == (status, [])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("POST", "/api/sessions/s-2/typing", 404),
        ("POST", "/api/sessions/s 1/typing", 404),
        ("POST", "/api/sessions/s-1/typing/", 404),
        ("POST", "/x/api/sessions/s-1/typing", 404),
    ],
)
async def test_other_calls_are_djangos(
    handler: ApiHandler, told: list[bool], method: str, path: str, status: int
) -> None:
    answer = await call(handler, method, path, OWNER, BODY)
    assert answer == await call(ApiHandler(CHATBOT), method, path, OWNER, BODY)
    assert (answer[0], told) == (status, [])


async def test_a_right_ends_with_its_session(handler: ApiHandler, told: list[bool]) -> None:
    assert await write(handler) == 204
    await in_database(ChatSession.objects.update, token_digest=digest("token-2"))
    assert await write(handler, body=b'{"active": false}') == 404
    assert told == [True]


async def test_both_ways_count_for_one_rate(handler: ApiHandler, told: list[bool], settings: Any) -> None:
    settings.RATE_LIMITS = {"messages": parse("2/hour")}
    assert [await write(each) for each in (handler, ApiHandler(CHATBOT))] == [204, 204]
    status, headers, _ = await call(handler, "POST", PATH, OWNER, BODY)
    assert (status, "retry-after" in headers, "x-frame-options" in headers) == (429, True, True)
    assert await write(ApiHandler(CHATBOT)) == 429


async def test_a_refused_call_counts_once(handler: ApiHandler, told: list[bool], settings: Any) -> None:
    settings.RATE_LIMITS = {"messages": parse("2/hour")}
    stranger = {**JSON, "authorization": "Bearer token-2"}
    assert [await write(handler, stranger) for _ in range(3)] == [404, 404, 429]
    assert await write(handler) == 204


async def test_http_is_sent_to_https(told: list[bool], settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    handler = ApiHandler(CHATBOT, TypingShortcut())
    assert await write(handler) == 301
    assert told == []
    proxied = {**OWNER, "x-forwarded-proto": "https", "origin": "https://localhost"}
    assert [await write(handler, each) for each in (proxied, {**proxied, "origin": "http://localhost"})] == [204, 403]


@pytest.mark.parametrize(("error", "status"), [(OperationalError("away"), 503), (ValueError("a defect"), 500)])
async def test_a_fault_is_answered_after_one_attempt(
    handler: ApiHandler, told: list[bool], monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    attempts = []

    def fail(shown: object) -> None:
        attempts.append(shown)
        raise error

    monkeypatch.setattr(tell_typing, "find_own", fail)
    assert await write(handler) == status
    assert (len(attempts), told) == (1, [])
