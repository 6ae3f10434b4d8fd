"""Double clicks and reloads: what was not meant does not happen, and nothing written is lost."""

import time

from playwright.sync_api import Locator, Page, Route, expect

from harness.clients import CustomerClient
from harness.clients import expect as expect_answer
from harness.services import Product
from tests.browser.clicks import click_again_and_again
from tests.browser.conftest import People

PAUSE_SECONDS = 0.25  # of a slow double click
SLOW_SECONDS = 0.5


def click_twice(page: Page, control: Locator) -> None:
    click_again_and_again(page, control, 2, PAUSE_SECONDS)


def test_asking_for_a_human_twice_is_not_taken_back(people: People) -> None:
    chat = people.customer()
    chat.write("Where is my order?")
    expect(chat.locate("#messages .message.by-bot")).to_be_visible()
    click_twice(chat.page, chat.locate("#escalate"))
    chat.expect_status("pending_manual")
    chat.page.wait_for_timeout(1_000)
    chat.expect_status("pending_manual")
    chat.locate("#cancel").click()  # meant: after a while
    chat.expect_status("bot_active")


def test_a_double_click_takes_one_customer(people: People, product: Product) -> None:
    workbench = people.agent("alice")
    names = []
    for _ in range(2):
        with CustomerClient(product.chatbot.url) as customer:
            names.append(customer.create_session()["session_name"])
            expect_answer(202, customer.escalate())
        expect(workbench.waiting(names[-1])).to_be_visible()
    click_twice(workbench.page, workbench.waiting(names[0]).locator(".row-action"))
    expect(workbench.mine(names[0])).to_be_visible()
    workbench.page.wait_for_timeout(1_000)
    expect(workbench.waiting(names[1])).to_be_visible()
    workbench.take_over(names[1])


def test_a_suggestion_is_sent_once(people: People) -> None:
    def be_slow(route: Route) -> None:
        time.sleep(SLOW_SECONDS)
        route.continue_()

    chat = people.customer()
    chat.page.route("**/api/sessions", be_slow)
    click_twice(chat.page, chat.locate(".suggestion").first)
    expect(chat.message("bot", "")).to_have_count(1)
    chat.page.wait_for_timeout(1_000)
    chat.expect_exactly(chat.fetch_messages)
    assert [role for role, _ in chat.shown()] == ["customer", "bot"]


def test_what_is_being_written_outlives_a_reload_and_not_its_sending(people: People) -> None:
    chat = people.customer()
    chat.locate("#text").fill("My order number is")
    chat.page.reload()
    expect(chat.locate("#text")).to_have_value("My order number is")
    chat.write("My order number is 17")
    expect(chat.message("customer", "17")).to_be_visible()
    chat.page.reload()
    expect(chat.message("customer", "17")).to_be_visible()
    expect(chat.locate("#text")).to_have_value("")
