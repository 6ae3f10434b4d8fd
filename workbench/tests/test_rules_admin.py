"""Rules and VIPs in the administration, and errors that say what to do."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatbot.models import QueueRule, VipCustomer

pytestmark = pytest.mark.django_db

RULE = {"name": "Refunds", "is_active": "on", "order": "10", "words": "refund", "priority": "2"}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


def add(admin: Client, kind: str, form: dict[str, Any]) -> Any:
    return admin.post(f"/admin/chatbot/{kind}/add/", form)


def test_a_rule_is_made(admin: Client) -> None:
    assert add(admin, "queuerule", RULE | {"words": " refund \n\n money back "}).status_code == 302
    assert QueueRule.objects.get().words == "refund\nmoney back"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"words": "  \n "}, "at least one condition"),
        ({"priority": ""}, "what the rule gives"),
        ({"waited_seconds": "-1"}, "greater than or equal to 0"),
        ({"name": ""}, "required"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(admin: Client, change: dict[str, str], said: str) -> None:
    response = add(admin, "queuerule", RULE | change)
    assert said in str(response.context["adminform"].errors)
    assert not QueueRule.objects.exists()


@pytest.mark.parametrize(
    ("address", "kept"), [("Ann@Example.com ", "ann@example.com"), ("@Big.example", "@big.example")]
)
def test_a_vip_is_an_address_or_a_domain(admin: Client, address: str, kept: str) -> None:
    assert add(admin, "vipcustomer", {"address": address}).status_code == 302
    assert VipCustomer.objects.get().address == kept


@pytest.mark.parametrize("address", ["Ann", "@", "big.example", "@big example"])
def test_what_is_neither_is_refused(admin: Client, address: str) -> None:
    assert "@example.com" in str(add(admin, "vipcustomer", {"address": address}).context["adminform"].errors)


def test_the_lists_open(admin: Client) -> None:
    QueueRule.objects.create(name="Refunds", words="refund", priority=2)
    for kind in ("queuerule", "vipcustomer", "label"):
        assert admin.get(f"/admin/chatbot/{kind}/").status_code == 200
