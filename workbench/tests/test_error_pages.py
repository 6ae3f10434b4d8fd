"""Pages for people that say why another page is not there."""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

CHINESE = {"accept-language": "zh-CN"}


@pytest.mark.parametrize(("headers", "text"), [({}, "There is no such page"), (CHINESE, "没有这个页面")])
def test_an_unknown_address_says_so_and_leads_on(headers: dict[str, str], text: str) -> None:
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


def test_a_fault_has_a_page_that_needs_nothing() -> None:
    with override("en"):
        assert "Something went wrong" in render_to_string("500.html")
