"""What a customer sees of teams: a choice where there is one, why he waits, and that nobody can be waited for."""

import sqlite3

import pytest
from playwright.sync_api import expect

from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import PATIENCE_SECONDS


class DefaultTeam:
    """The settings of the default team, as they are in the database."""

    def __init__(self, product: Product) -> None:
        self._database = product.database

    def set(self, column: str, value: int) -> None:
        with sqlite3.connect(self._database, timeout=PATIENCE_SECONDS) as connection:
            connection.execute(f"UPDATE chatbot_team SET {column} = ? WHERE is_default", [value])
        connection.close()


@pytest.fixture
def team(product: Product) -> DefaultTeam:
    return DefaultTeam(product)


def test_without_a_choice_nothing_is_asked(people: People) -> None:
    chat = people.customer()
    chat.locate("#escalate").click()
    chat.expect_status("pending_manual")


def test_teams_are_offered_and_one_is_asked(people: People, team: DefaultTeam) -> None:
    team.set("is_offered_to_customers", 1)
    chat = people.customer()
    chat.locate("#escalate").click()
    expect(chat.locate("#teams [data-team]")).to_have_text(["Support", "Something else"])
    chat.locate("#teams").get_by_text("Support").click()
    chat.expect_status("pending_manual")
    expect(chat.locate("#teams")).to_have_count(0)


def test_a_choice_can_be_left(people: People, team: DefaultTeam) -> None:
    team.set("is_offered_to_customers", 1)
    chat = people.customer()
    chat.locate("#escalate").click()
    chat.locate("#choose-none").click()
    expect(chat.locate("#escalate")).to_be_visible()
    chat.expect_status("bot_active")


def test_who_waits_reads_why_and_it_goes_on_with_the_place(people: People) -> None:
    first, second = people.customer(), people.customer("zh-CN")
    first.escalate()
    second.escalate()
    expect(first.locate("#why")).to_contain_text("ou are next.")
    expect(second.locate("#why")).to_contain_text("您前面还有 1 位。")
    first.locate("#cancel").click()
    expect(second.locate("#why")).to_contain_text("下一位就是您。")


def test_a_full_queue_is_said(people: People, team: DefaultTeam) -> None:
    team.set("max_waiting", 0)
    chat = people.customer()
    chat.locate("#escalate").click()
    expect(chat.locate("#error")).to_contain_text("Too many people are waiting")
    expect(chat.locate("#escalate")).to_be_enabled()
    chat.expect_status("bot_active")
