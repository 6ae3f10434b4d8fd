"""Only agents who are logged in get in; the API never redirects."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client
from django.utils import timezone

from chatbot.models import ChatSession, Status
from chatbot.tests.customer import error_code
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session, log_in

GETS = ["/api/sessions", "/api/sessions/queue", "/api/sessions/s-1"]
POSTS = [f"/api/sessions/s-1/{verb}" for verb in ("takeover", "messages", "release", "close")]


@pytest.mark.parametrize("path", GETS)
async def test_anonymous_reading_is_a_401(transactional_db: None, path: str) -> None:
    response = await AsyncClient().get(path)
    assert (response.status_code, error_code(response)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("enforce_csrf_checks", [True, False])
async def test_anonymous_acting_is_a_401(transactional_db: None, path: str, enforce_csrf_checks: bool) -> None:
    client = AsyncClient(enforce_csrf_checks=enforce_csrf_checks)
    response = await client.post(path, {}, content_type="application/json")
    assert (response.status_code, error_code(response)) == (401, "UNAUTHENTICATED")


async def test_an_unknown_login_session_is_a_401(transactional_db: None) -> None:
    client = AsyncClient()
    client.cookies["sessionid"] = "x" * 32
    assert (await client.get("/api/sessions")).status_code == 401


@pytest.mark.parametrize("path", POSTS)
async def test_acting_needs_the_csrf_token(alice: AgentClient, path: str) -> None:
    await in_database(add_session)
    strict = AsyncClient(enforce_csrf_checks=True)
    strict.cookies = alice.client.cookies
    response = await strict.post(path, {}, content_type="application/json")
    assert (response.status_code, error_code(response)) == (403, "CSRF_FAILED")
    assert (await in_database(ChatSession.objects.get)).status == Status.PENDING_MANUAL


async def test_the_csrf_token_lets_an_agent_act(alice: AgentClient) -> None:
    await in_database(add_session)
    strict = AsyncClient(enforce_csrf_checks=True)
    strict.cookies = alice.client.cookies
    strict.cookies["csrftoken"] = "a" * 32
    response = await strict.post(
        "/api/sessions/s-1/takeover", {}, content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )
    assert response.status_code == 200


async def test_a_deactivated_agent_is_out(alice: AgentClient) -> None:
    await in_database(User.objects.update, is_active=False)
    assert (await alice.get("/api/sessions")).status_code == 401


async def test_a_changed_password_ends_the_login(alice: AgentClient) -> None:
    def change_password() -> None:
        alice.agent.user.set_password("another")
        alice.agent.user.save()

    await in_database(change_password)
    assert (await alice.get("/api/sessions")).status_code == 401


async def test_an_expired_login_is_out(alice: AgentClient) -> None:
    await in_database(Session.objects.update, expire_date=timezone.now() - timedelta(seconds=1))
    assert (await alice.get("/api/sessions")).status_code == 401


async def test_logging_out_ends_the_login(alice: AgentClient) -> None:
    await in_database(Session.objects.all().delete)
    assert (await alice.get("/api/sessions")).status_code == 401


async def test_a_forged_login_session_is_out(alice: AgentClient) -> None:
    await in_database(Session.objects.update, session_data="forged:data")
    assert (await alice.get("/api/sessions")).status_code == 401


async def test_a_login_during_key_rotation_goes_on(alice: AgentClient, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert (await alice.get("/api/sessions")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/login/", "/admin/", "/admin/login/", "/admin/chatbot/message/"])
@pytest.mark.parametrize("is_logged_in", [True, False])
@pytest.mark.django_db
def test_no_cache_keeps_a_page_of_agents(client: Client, path: str, is_logged_in: bool) -> None:
    """Nor the way back after a logout."""
    if is_logged_in:
        client.force_login(User.objects.create_superuser("root"))
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["//elsewhere.example/", "https://elsewhere.example/", "javascript:alert(1)"])
@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_a_login_leads_to_no_other_host(client: Client, path: str, target: str) -> None:
    User.objects.create_superuser("root", password="right")
    response = client.post(path, {"username": "root", "password": "right", "next": target})
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.django_db
def test_no_cache_keeps_the_page_of_a_refusal(client: Client) -> None:
    client.force_login(User.objects.create_user("zoe@example.org"))
    response = client.get("/")
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (403, True)


async def test_a_user_whose_name_no_channel_can_have_is_no_agent(transactional_db: None) -> None:
    """A 401 would send them from the login page to the workbench and back for ever."""
    zoe = await log_in("zoe@example.org")
    response = await zoe.get("/api/sessions")
    assert (response.status_code, error_code(response)) == (403, "FORBIDDEN")


async def test_a_request_to_a_foreign_host_is_refused_as_json(alice: AgentClient) -> None:
    response = await alice.get("/api/sessions", Host="evil.example")
    assert (response.status_code, error_code(response)) == (400, "BAD_REQUEST")


async def test_an_unknown_address_of_the_api_is_not_found_as_json(alice: AgentClient) -> None:
    response = await alice.get("/api/nothing")
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


async def test_another_method_is_refused(alice: AgentClient) -> None:
    response = await alice.post("/api/sessions")
    assert (response.status_code, error_code(response)) == (405, "METHOD_NOT_ALLOWED")
