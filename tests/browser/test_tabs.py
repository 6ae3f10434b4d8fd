"""An agent clicks around, reloads and has two tabs: no message is lost, none is shown twice."""

from functools import partial

import pytest
from playwright.sync_api import Request, expect

from harness.clients import CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from tests.browser.conftest import People
from tests.browser.pages import PATIENCE_SECONDS, Shown, messages_of

ROUNDS = 12


def fetch_messages(customer: CustomerClient) -> Shown:
    return messages_of(customer.fetch())


def seen_by_agent(customer: CustomerClient) -> int:
    return int(customer.fetch()["receipts"]["agent"]["seen"] or 0)


def test_two_tabs_share_one_stream(people: People) -> None:
    first = people.agent("alice")
    opened: list[str] = []

    def note_stream(request: Request) -> None:
        if "/api/agent/events" in request.url:
            opened.append(request.url)

    people.use_up(first).on("request", note_stream)
    first.page.reload()
    first.expect_live()
    people.second_tab(first)
    assert len(opened) == 1


def test_both_tabs_show_every_message_once(people: People, served_customers: list[CustomerClient]) -> None:
    customer = served_customers[0]
    first = people.agent("alice")
    second = people.second_tab(first)
    first.choose(customer.session_name)
    second.choose(customer.session_name)
    for number in range(5):
        expect_answer(201, customer.post(f"question {number}"))
        (first, second)[number % 2].write(f"answer {number}")
    for tab in (first, second):
        expect(tab.message("agent", "answer 4")).to_be_visible()
        tab.expect_exactly(partial(fetch_messages, customer))


def test_nothing_is_lost_while_the_agent_clicks_around_and_reloads(
    people: People, served_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice")
    for number in range(ROUNDS):
        expect_answer(201, served_customers[number % 3].post(f"message {number}"))
        workbench.mine(served_customers[number * 2 % 3].session_name).locator(".row-link").click()  # and does not wait
        if number == ROUNDS // 2:
            workbench.page.reload()
    for customer in served_customers:
        workbench.choose(customer.session_name)
        workbench.expect_exactly(partial(fetch_messages, customer))


def test_reopened_conversation_shows_what_came_meanwhile(
    people: People, served_customers: list[CustomerClient]
) -> None:
    customer, other, _ = served_customers
    workbench = people.agent("alice")
    workbench.choose(customer.session_name)
    before = expect_answer(201, customer.post("before"))["id"]
    wait_until("it is seen", lambda: seen_by_agent(customer) == before, PATIENCE_SECONDS)
    workbench.choose(other.session_name)
    expect_answer(201, customer.post("meanwhile"))
    expect(workbench.mine(customer.session_name).locator(".badge")).to_have_attribute("data-count", "1")
    workbench.choose(customer.session_name)
    workbench.expect_exactly(partial(fetch_messages, customer))


def test_unread_message_counts_once_in_each_tab(people: People, served_customers: list[CustomerClient]) -> None:
    customer = served_customers[0]
    first = people.agent("alice")
    second = people.second_tab(first)
    for number in range(3):
        expect_answer(201, customer.post(f"message {number}"))
    for tab in (first, second):
        expect(tab.mine(customer.session_name).locator(".badge")).to_have_attribute("data-count", "3")


def test_message_read_in_one_tab_is_read_in_the_other(people: People, served_customers: list[CustomerClient]) -> None:
    customer = served_customers[0]
    first = people.agent("alice")
    second = people.second_tab(first)
    expect_answer(201, customer.post("unread"))
    badge = second.mine(customer.session_name).locator(".badge")
    expect(badge).to_have_attribute("data-count", "1")
    first.page.bring_to_front()
    first.choose(customer.session_name)
    expect(badge).to_be_hidden()


@pytest.mark.parametrize("is_mine", [True, False], ids=["own conversation", "conversation read along"])
def test_other_tab_goes_on_when_the_one_with_the_stream_closes(
    people: People, served_customers: list[CustomerClient], customer: CustomerClient, is_mine: bool
) -> None:
    shown = served_customers[0] if is_mine else customer
    leader = people.agent("alice")
    follower = people.second_tab(leader)
    follower.page.goto(f"{follower.url}/#/{shown.session_name}")
    follower.expect_exactly(partial(fetch_messages, shown))
    expect_answer(201, shown.post("before it closes"))
    leader.page.close()
    expect_answer(201, shown.post("after it closed"))
    expect(follower.message("customer", "after it closed")).to_be_visible()
    follower.expect_exactly(partial(fetch_messages, shown))


def test_two_tabs_of_a_customer_share_one_conversation(people: People) -> None:
    chat = people.customer()
    chat.write("I want to return something")
    expect(chat.locate("#messages .message.by-bot")).to_have_count(1)
    other = type(chat)(chat.context, chat.url)
    other.open()
    other.write("How long does delivery take?")
    for tab in (chat, other):
        expect(tab.locate("#messages .message.by-bot:not(.typing)")).to_have_count(2)
        tab.expect_exactly(chat.fetch_messages)
