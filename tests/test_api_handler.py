"""Calls of the API take a shorter way through Django than pages do, and get the same protection."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from config import bodies
from config.handler import ApiHandler, ServiceHandler
from tests.handler_calls import CHATBOT, JSON, WORKBENCH, call
from workbench.tests.test_every_operation import CHANGES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("urlconf", "method", "path", "status"),
    [
        (CHATBOT, "GET", "/healthz", 200),
        (CHATBOT, "GET", "/api/nothing", 404),
        (CHATBOT, "GET", "/api/sessions/s-none", 404),
        (CHATBOT, "PUT", "/api/sessions", 405),
        (WORKBENCH, "GET", "/api/nothing", 404),
        (WORKBENCH, "GET", "/api/sessions/s-none", 401),
        (WORKBENCH, "POST", "/api/sessions/s-none/close", 401),
    ],
)
async def test_an_answer_is_that_of_djangos_own_handler(urlconf: str, method: str, path: str, status: int) -> None:
    headers = {**JSON, "accept-language": "zh-hans"}
    answer = await call(ApiHandler(urlconf), method, path, headers)
    assert answer == await call(ServiceHandler(urlconf), method, path, headers)
    assert answer[0] == status


async def test_an_answer_speaks_the_callers_language_and_is_protected() -> None:
    _, headers, _ = await call(ApiHandler(CHATBOT), "GET", "/healthz", {"accept-language": "zh-hans"})
    assert headers["content-language"] == "zh-hans"
    assert {"content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"} <= headers.keys()
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


async def test_over_https_browsers_are_told_to_stay_with_it(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    _, headers, _ = await call(ApiHandler(CHATBOT), "GET", "/healthz", {"x-forwarded-proto": "https"})
    assert headers["strict-transport-security"].startswith("max-age=31536000; includeSubDomains")


async def test_a_foreign_host_is_refused_and_the_answer_protected() -> None:
    status, headers, _ = await call(ApiHandler(CHATBOT), "GET", "/healthz", {"host": "evil.example"})
    assert (status, headers["x-frame-options"]) == (400, "DENY")


@pytest.mark.parametrize(("method", "address"), CHANGES)
async def test_every_change_at_the_workbench_wants_a_csrf_token(method: str, address: str) -> None:
    cookie = {"cookie": "sessionid=x; csrftoken=" + "a" * 32}
    status, _, body = await call(ApiHandler(WORKBENCH), method, address, JSON | cookie)
    assert (status, b"CSRF_FAILED" in body) == (403, True)


async def test_with_its_csrf_token_a_call_gets_to_the_login() -> None:
    headers = {"cookie": "csrftoken=" + "a" * 32, "x-csrftoken": "a" * 32}
    status, _, _ = await call(ApiHandler(WORKBENCH), "POST", "/api/sessions/s-1/messages", JSON | headers)
    assert status == 401


async def answer_to(
    handler: ServiceHandler, *messages: Mapping[str, Any], length: int | None = None
) -> list[Mapping[str, Any]]:
    """What is sent for a POST of which these messages come, and then nothing more."""
    sent: list[Mapping[str, Any]] = []
    coming = iter(messages)
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    scope = {"type": "http", "method": "POST", "path": "/api/sessions", "headers": headers, "scheme": "http"}

    async def receive() -> Mapping[str, Any]:
        for message in coming:
            return message
        return await asyncio.Future()

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await handler(scope | {"server": ("127.0.0.1", 80)}, receive, send)
    return sent


HANDLERS = pytest.mark.parametrize("make", [ApiHandler, ServiceHandler])
PART = {"type": "http.request", "body": b"{", "more_body": True}


@HANDLERS
async def test_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, make: type[ServiceHandler]) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.01)
    start, _ = await answer_to(make(CHATBOT), PART)
    assert (start["status"], (b"Connection", b"close") in start["headers"]) == (408, True)


@HANDLERS
async def test_body_that_is_cut_off_is_no_request(make: type[ServiceHandler]) -> None:
    whole = {**PART, "body": b"{}"}
    assert await answer_to(make(CHATBOT), whole, {"type": "http.disconnect"}) == []


@HANDLERS
async def test_declared_body_over_the_limit_is_not_waited_for(make: type[ServiceHandler], settings: Any) -> None:
    start, _ = await answer_to(make(CHATBOT), length=settings.MAX_BODY_BYTES + 1)
    assert (start["status"], (b"Connection", b"close") in start["headers"]) == (413, True)


@HANDLERS
async def test_body_in_parts_is_read_up_to_the_limit(make: type[ServiceHandler], settings: Any) -> None:
    part = {**PART, "body": b"x" * 10_000}
    start, _ = await answer_to(make(CHATBOT), *[part] * (settings.MAX_BODY_BYTES // 10_000 + 1))
    assert (start["status"], (b"Connection", b"close") in start["headers"]) == (413, True)


async def test_http_is_sent_to_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    status, headers, _ = await call(ApiHandler(CHATBOT), "GET", "/api/sessions/s-1")
    assert (status, headers["location"]) == (301, "https://localhost/api/sessions/s-1")


async def test_who_stands_beside_the_service_may_ask_in_plain(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    status, _, _ = await call(ApiHandler(CHATBOT), "GET", "/healthz")
    assert status == 200
