"""Pages for people that say why another page is not there."""

from typing import Any
from unittest import mock

import pytest
from django.db import InterfaceError, OperationalError
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

from chatbot.tests.customer import error_code

CHINESE = {"accept-language": "zh-CN"}
SERVICES = ["config.urls_chatbot", "config.urls_workbench"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("headers", "text"), [({}, "There is no such page"), (CHINESE, "没有这个页面")])
def test_an_unknown_address_says_so_and_leads_on(
    settings: Any, service: str, headers: dict[str, str], text: str
) -> None:
    settings.ROOT_URLCONF = service
    response = Client().get("/nowhere", headers=headers)
    assert response.status_code == 404
    page = response.content.decode()
    assert f"<h1>{text}</h1>" in page
    assert '<a href="/">' in page


@pytest.mark.django_db
@pytest.mark.parametrize(("headers", "text"), [({}, "This form is out of date"), (CHINESE, "此表单已失效")])
def test_an_old_login_form_says_so_and_leads_to_a_new_one(headers: dict[str, str], text: str) -> None:
    form = {"username": "alice", "password": "secret"}
    response = Client(enforce_csrf_checks=True).post("/login/", form, headers=headers)
    assert response.status_code == 403
    page = response.content.decode()
    assert f"<h1>{text}</h1>" in page
    assert '<a href="">' in page


@pytest.mark.django_db
def test_an_old_logout_form_leads_home() -> None:
    """Nobody can GET /logout/."""
    response = Client(enforce_csrf_checks=True).post("/logout/")
    assert response.status_code == 403
    assert '<a href="/">' in response.content.decode()


@pytest.mark.parametrize(("headers", "text"), [({}, "This request is not valid"), (CHINESE, "请求无效")])
def test_a_request_to_a_foreign_host_says_so(headers: dict[str, str], text: str) -> None:
    response = Client().get("/", headers={"host": "evil.example", **headers})
    assert response.status_code == 400
    assert f"<h1>{text}</h1>" in response.content.decode()


@pytest.mark.parametrize("service", SERVICES)
def test_below_api_errors_stay_json(settings: Any, service: str) -> None:
    settings.ROOT_URLCONF = service
    response = Client().get("/api/nothing", headers=CHINESE)
    assert (response.status_code, error_code(response)) == (404, "NOT_FOUND")


def test_below_api_an_old_token_stays_json() -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = "x" * 32
    response = client.post("/api/sessions/s-1/close", {}, content_type="application/json")
    assert (response.status_code, error_code(response)) == (403, "CSRF_FAILED")


def test_a_fault_has_a_page_that_needs_nothing() -> None:
    with override("en"):
        assert "Something went wrong" in render_to_string("500.html")


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
@pytest.mark.parametrize(("headers", "text"), [({}, "Please try again in a moment"), (CHINESE, "请稍后再试")])
def test_without_a_database_a_page_says_when_to_come_back(
    fault: type[Exception], headers: dict[str, str], text: str
) -> None:
    client = Client(raise_request_exception=False, headers=headers)
    client.cookies["sessionid"] = "x" * 32
    with mock.patch("django.db.backends.utils.CursorWrapper.execute", side_effect=fault("away")):
        response = client.get("/")
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert f"<h1>{text}</h1>" in response.content.decode()
