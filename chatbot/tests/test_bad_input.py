"""Bad input gets the right status and the error object, and writes nothing."""

import json
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import AsyncClient

from chatbot.customers.api import sessions as api
from chatbot.models import ChatSession, Message
from chatbot.tests.customer import Customer, error_code
from realtime.database import in_database
from realtime.models import LoggedEvent

GOOD = {"content": "hi", "client_id": "c-1"}


def body(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "INVALID_CONTENT"),
        (b"{", "INVALID_JSON"),
        (b"\xff\xfe", "INVALID_JSON"),
        (json.dumps(GOOD).encode("utf-16"), "INVALID_JSON"),
        (b"null", "INVALID_JSON"),
        (b"[]", "INVALID_JSON"),
        (b'"text"', "INVALID_JSON"),
        (b"[" * 20_000, "INVALID_JSON"),
        (b'{"content": "x", "client_id": "c", "n": ' + b"9" * 5000 + b"}", "INVALID_JSON"),
        (b'{"content": "x", "client_id": "c", "n": NaN}', "INVALID_JSON"),
        ({"client_id": "c-1"}, "INVALID_CONTENT"),
        ({"content": "hi"}, "INVALID_CLIENT_ID"),
        (body(content=""), "INVALID_CONTENT"),
        (body(content=" \n\t\u3000"), "INVALID_CONTENT"),
        (body(content="x" * 4001), "INVALID_CONTENT"),
        (body(content="a\0b"), "INVALID_CONTENT"),
        (body(content="\ud800"), "INVALID_CONTENT"),
        (body(content=7), "INVALID_CONTENT"),
        (body(content=None), "INVALID_CONTENT"),
        (body(content=["hi"]), "INVALID_CONTENT"),
        (body(content={"text": "hi"}), "INVALID_CONTENT"),
        (body(client_id=""), "INVALID_CLIENT_ID"),
        (body(client_id="c" * 65), "INVALID_CLIENT_ID"),
        (body(client_id="c\0"), "INVALID_CLIENT_ID"),
        (body(client_id="\udfff"), "INVALID_CLIENT_ID"),
        (body(client_id=1), "INVALID_CLIENT_ID"),
        (body(client_id=None), "INVALID_CLIENT_ID"),
    ],
)
async def test_a_bad_message_is_refused(customer: Customer, sent: Any, code: str) -> None:
    name = await customer.start()
    response = await customer.post(f"/api/sessions/{name}/messages", sent)
    assert (response.status_code, error_code(response)) == (400, code)
    assert not await in_database(Message.objects.exists)
    assert not await in_database(LoggedEvent.objects.exists)


async def test_unknown_fields_are_ignored(customer: Customer) -> None:
    name = await customer.start()
    sent = body(sender="agent:alice", role="agent", extra={"deep": []})
    response = await customer.post(f"/api/sessions/{name}/messages", sent)
    assert (response.status_code, json.loads(response.content)["role"]) == (201, "customer")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"customer": "Zoë"}, "INVALID_CUSTOMER"),
        ({"customer": {"name": 1}}, "INVALID_CUSTOMER"),
        ({"customer": {"name": "x" * 101}}, "INVALID_CUSTOMER"),
        ({"customer": {"email": "x" * 255}}, "INVALID_CUSTOMER"),
        ({"customer": {"name": "\0"}}, "INVALID_CUSTOMER"),
        (b"{", "INVALID_JSON"),
    ],
)
async def test_a_session_is_not_started_with_a_bad_body(customer: Customer, sent: Any, code: str) -> None:
    response = await customer.post("/api/sessions", sent)
    assert (response.status_code, error_code(response)) == (400, code)
    assert not await in_database(ChatSession.objects.exists)


@pytest.mark.parametrize("reason", ["x" * 501, "\0", "\ud800", 5, ["a"]])
async def test_a_bad_reason_is_refused(customer: Customer, reason: Any) -> None:
    name = await customer.start()
    response = await customer.post(f"/api/sessions/{name}/escalate", {"reason": reason})
    assert (response.status_code, error_code(response)) == (400, "INVALID_REASON")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
async def test_another_content_type_is_refused(customer: Customer, content_type: str) -> None:
    name = await customer.start()
    response = await customer.client.post(
        f"/api/sessions/{name}/messages", data=json.dumps(GOOD), content_type=content_type
    )
    assert (response.status_code, error_code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_without_content_type_is_refused(customer: Customer) -> None:
    name = await customer.start()
    path = f"/api/sessions/{name}/messages"
    response = await customer.client.generic("POST", path, data=json.dumps(GOOD), content_type="")
    assert (response.status_code, error_code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_json_with_a_charset_is_json(customer: Customer) -> None:
    name = await customer.start()
    path = f"/api/sessions/{name}/messages"
    response = await customer.client.post(path, json.dumps(GOOD), content_type="application/json; charset=utf-8")
    assert response.status_code == 201


async def test_a_body_over_64_kib_is_refused(customer: Customer) -> None:
    name = await customer.start()
    response = await customer.post(f"/api/sessions/{name}/messages", body(extra="x" * 65_536))
    assert (response.status_code, error_code(response)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("name", ["s-none", "a b", "x" * 65, "s%0A", "s%00", "é", "..", "s-1%2Fx"])
@pytest.mark.parametrize("path", ["", "/messages", "/escalate", "/cancel-escalation"])
async def test_an_unknown_or_impossible_name_is_not_found(customer: Customer, name: str, path: str) -> None:
    await customer.start()
    address = f"/api/sessions/{name}{path}"
    response = await (customer.post(address, GOOD) if path else customer.get(address))
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["messages", "escalate", "cancel-escalation"])
async def test_access_is_checked_before_the_body(customer: Customer, stranger: Customer, path: str) -> None:
    name = await customer.start()
    for sent in (b"{", b"x" * 70_000):
        response = await stranger.post(f"/api/sessions/{name}/{path}", sent)
        assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/sessions", "POST"),
        ("DELETE", "/api/sessions/s-1", "GET, HEAD, PATCH"),
        ("PUT", "/api/sessions/s-1/messages", "POST"),
        ("GET", "/api/sessions/s-1/escalate", "POST"),
    ],
)
async def test_another_method_is_refused(transactional_db: None, method: str, path: str, allowed: str) -> None:
    response = await AsyncClient().generic(method, path)
    assert (response.status_code, error_code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response["Allow"] == allowed


async def test_an_unknown_address_of_the_api_is_not_found_as_json(transactional_db: None) -> None:
    response = await AsyncClient().get("/api/nothing")
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://testserver:81", "https://testserver", "null", "http://testserver.evil.example"],
)
async def test_a_foreign_origin_is_refused(customer: Customer, origin: str) -> None:
    response = await customer.post("/api/sessions", {}, Origin=origin)
    assert (response.status_code, error_code(response)) == (403, "FORBIDDEN_ORIGIN")
    assert not await in_database(ChatSession.objects.exists)


@pytest.mark.parametrize("origin", ["http://testserver", "https://shop.example", "https://a.b.example"])
async def test_own_and_trusted_origins_are_welcome(customer: Customer, settings: Any, origin: str) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://shop.example", "https://*.b.example"]
    assert (await customer.post("/api/sessions", {}, Origin=origin)).status_code == 201


@pytest.mark.usefixtures("fresh_minute")
async def test_a_database_that_is_away_is_a_503_and_told_of_once_a_minute(
    customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch.object(api, "start_session", side_effect=OperationalError("database is locked")):
        for _ in range(3):
            response = await customer.post("/api/sessions", {})
            assert (response.status_code, error_code(response)) == (503, "DATABASE_UNAVAILABLE")
            assert response["Retry-After"] == "1"
    [told] = caplog.records
    assert "path=/api/sessions" in told.getMessage()
    assert told.exc_info is None


async def test_a_fault_of_ours_is_a_500_without_details(customer: Customer) -> None:
    customer.client.raise_request_exception = False
    with mock.patch.object(api, "start_session", side_effect=ZeroDivisionError("secret")):
        response = await customer.post("/api/sessions", {})
    assert (response.status_code, error_code(response)) == (500, "INTERNAL_ERROR")
    assert b"secret" not in response.content
