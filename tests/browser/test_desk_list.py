"""The desk's lists: who waits for the agent's own answer is first, and everything can be reached."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import Page, expect

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import NARROW, NEXT_FRAME, PATIENCE_SECONDS, Gate, WorkbenchPage

WRITTEN_LATER = """UPDATE chatbot_chatsession
    SET last_activity_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 minute') WHERE name = ?"""
MAX_TABS_TO_OWN_CONVERSATION = 8
MIN_ROWS = 11
MAX_ROW_HEIGHT_PX = 56
COUNT_WHOLE_ROWS = """nodes => nodes.filter(node => {
    const box = node.getBoundingClientRect();
    const list = node.closest(".rows").getBoundingClientRect();
    return box.top >= list.top - 1 && box.bottom <= Math.min(list.bottom, innerHeight) + 1;
}).length"""

# What is seen at the upper and the lower edge of a row is the row.
IS_UNCOVERED = """node => {
    const row = node.closest(".row");
    const { left, top, bottom } = row.getBoundingClientRect();
    return [top + 2, bottom - 2].every((y) => row.contains(document.elementFromPoint(left + 60, y)));
}"""
LOW = (NARROW[0], 480)  # with more rows than fit


@pytest.fixture
def waiting_customers(product: Product) -> Iterator[list[CustomerClient]]:
    """Eight customers who wait."""
    with ExitStack() as stack:
        customers = [stack.enter_context(CustomerClient(product.chatbot.url)) for _ in range(8)]
        for customer in customers:
            customer.create_session()
            expect_answer(201, customer.post("Where is my parcel?"))
            expect_answer(202, customer.escalate())
        yield customers


def mine(workbench: WorkbenchPage) -> list[str]:
    """The names of the own sessions in the order of the page."""
    keys: list[str] = workbench.locate("#mine .row-link").evaluate_all("nodes => nodes.map(n => n.dataset.key)")
    return keys


def is_in_body(page: Page) -> bool:
    return bool(page.evaluate("document.activeElement === document.body"))


def test_at_least_eleven_rows_fit_and_always_some_of_ones_own(
    people: People, alice: AgentClient, waiting_customers: list[CustomerClient], served_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice")
    for customer in waiting_customers[:3]:
        expect_answer(200, alice.take_over(customer.session_name))
    expect(workbench.locate("#mine .row")).to_have_count(6)
    expect(workbench.locate("#queue .row")).to_have_count(5)
    assert workbench.locate(".row").evaluate_all(COUNT_WHOLE_ROWS) >= MIN_ROWS
    for row in workbench.locate(".row").all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] <= MAX_ROW_HEIGHT_PX


def test_who_gave_a_name_is_called_by_it_from_the_first_moment(people: People, product: Product) -> None:
    workbench = people.agent("alice")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session(customer={"name": "Emma Clarke"})
        expect_answer(202, customer.escalate())
        expect(workbench.waiting(customer.session_name)).to_contain_text("Emma Clarke")


def test_who_waits_longest_for_an_answer_is_first_and_the_answered_say_what_was_said(
    people: People, alice: AgentClient, served_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice")
    first, second, third = served_customers
    for customer in served_customers:
        expect_answer(201, alice.reply(customer.session_name, "How can I help?"))
    expect(workbench.locate("#mine .is-due")).to_have_count(0)
    for customer in (second, first):
        expect_answer(201, customer.post("It is broken"))
    expect(workbench.locate("#mine .is-due")).to_have_count(2)
    assert mine(workbench) == [second.session_name, first.session_name, third.session_name]
    expect(workbench.mine(third.session_name).locator(".row-preview")).to_have_text("You: How can I help?")
    expect(workbench.locate(".due")).to_have_text("2 wait for you")


def test_what_is_unread_is_unread_on_another_computer(people: People, served_customers: list[CustomerClient]) -> None:
    customer = served_customers[0]
    for number in range(2):
        expect_answer(201, customer.post(f"message {number}"))
    badge = people.agent("alice").mine(customer.session_name).locator(".badge")
    expect(badge).to_have_attribute("data-count", "2")
    other = people.agent("alice")
    other.choose(customer.session_name)
    expect(badge).to_have_count(0)
    third = people.agent("alice")
    expect(third.mine(customer.session_name)).to_be_visible()
    expect(third.mine(customer.session_name).locator(".badge")).to_have_count(0)


def test_what_was_read_in_the_second_in_which_it_was_written_is_read(
    people: People, product: Product, alice: AgentClient, served_customers: list[CustomerClient]
) -> None:
    """The event that tells of it says only the second; here the clock of the database is ahead of that as well."""
    customer = served_customers[0]
    message = expect_answer(201, customer.post("message"))
    with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database, database:
        database.execute(WRITTEN_LATER, (customer.session_name,))
    badge = people.agent("alice").mine(customer.session_name).locator(".badge")
    expect(badge).to_have_attribute("data-count", "1")
    assert alice.call(customer.session_name, "receipts", seen=message["id"]).status_code == 204
    expect(badge).to_have_count(0)


def test_a_row_that_moves_keeps_focus(
    people: People, alice: AgentClient, served_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice")
    expect(workbench.locate("#mine .row")).to_have_count(3)
    last = mine(workbench)[-1]
    customer = next(each for each in served_customers if each.session_name == last)
    link = workbench.mine(last).locator(".row-link")
    link.focus()
    for other in served_customers:  # answered, they stand below who waits
        if other is not customer:
            expect_answer(201, alice.reply(other.session_name, "Done"))
    expect(workbench.locate("#mine .row-link").first).to_have_attribute("data-key", last)
    expect(link).to_be_focused()


def test_a_marked_address_stays_marked_while_others_write(
    people: People, product: Product, alice: AgentClient, served_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session(customer={"name": "Emma", "email": "emma@example.com"})
        expect_answer(202, customer.escalate())
        workbench.take_over(customer.session_name)
        address = workbench.locate("#details a[href^=mailto]")
        expect(address).to_have_text("emma@example.com")
        address.evaluate("node => getSelection().selectAllChildren(node)")
        expect_answer(201, served_customers[0].post("And mine?"))
        expect(workbench.mine(served_customers[0].session_name).locator(".badge")).to_be_visible()
        expect_answer(201, customer.post("Hello"))
        expect(workbench.message("customer", "Hello")).to_be_visible()
        assert workbench.page.evaluate("getSelection().toString()") == "emma@example.com"


def test_what_was_marked_while_a_conversation_loads_stays_marked(people: People, customer: CustomerClient) -> None:
    workbench = people.agent("alice")
    expect_answer(202, customer.escalate())
    gate = Gate(workbench.page, re.compile(rf"/api/sessions/{customer.session_name}$"))
    workbench.take_over(customer.session_name)
    gate.wait_for_one()
    workbench.locate("#text").blur()  # as a press of the mouse on the text does
    workbench.locate("#open-name").evaluate("node => getSelection().selectAllChildren(node)")
    marked = workbench.page.evaluate("getSelection().toString()")
    assert marked
    gate.open()
    expect(workbench.locate("#messages .notice[data-notice=taken]")).to_be_visible()
    workbench.page.evaluate(NEXT_FRAME)
    assert workbench.page.evaluate("getSelection().toString()") == marked


def test_few_tabs_lead_to_ones_own_conversation(people: People, served_customers: list[CustomerClient]) -> None:
    workbench = people.agent("alice")
    expect(workbench.locate("#mine .row")).to_have_count(3)
    for _ in range(MAX_TABS_TO_OWN_CONVERSATION):
        workbench.page.keyboard.press("Tab")
        if workbench.locate("#mine .row-link:focus").count():
            break
    expect(workbench.locate("#mine .row-link").first).to_be_focused()
    workbench.page.keyboard.press("End")
    expect(workbench.locate("#mine .row-link").last).to_be_focused()
    workbench.page.keyboard.press("Home")
    workbench.page.keyboard.press("ArrowDown")
    expect(workbench.locate("#mine .row-link").nth(1)).to_be_focused()
    workbench.page.keyboard.press("Tab")
    assert workbench.locate("#mine :focus").count() == 0  # one stop a list


def test_one_announcement_for_all_who_wait_out_of_view(people: People, product: Product, alice: AgentClient) -> None:
    workbench = people.agent("alice")
    workbench.locate("#tab-all").click()
    names = []
    for _ in range(2):
        with CustomerClient(product.chatbot.url) as customer:
            customer.create_session()
            expect_answer(202, customer.escalate())
            names.append(customer.session_name)
    expect(workbench.locate(".toast")).to_have_count(1)
    expect(workbench.locate(".toast strong")).to_have_text("2 more wait")
    workbench.locate(".toast a").click()
    expect(workbench.locate("#takeover")).to_be_visible()
    assert workbench.page.url.endswith(names[0])
    expect(workbench.locate(".toast")).to_have_count(0)
    for name in names:
        expect_answer(200, alice.take_over(name))
        expect_answer(200, alice.call(name, "close"))


def test_an_announcement_put_away_leaves_focus_on_the_page(people: People, customer: CustomerClient) -> None:
    workbench = people.agent("alice")
    workbench.locate("#tab-all").click()
    expect_answer(202, customer.escalate())
    workbench.locate(".toast button").click()
    expect(workbench.locate(".toast")).to_have_count(0)
    wait_until("something has focus", lambda: not is_in_body(workbench.page), PATIENCE_SECONDS)


def test_no_announcement_while_the_queue_is_in_view(people: People, customer: CustomerClient) -> None:
    workbench = people.agent("alice")
    expect_answer(202, customer.escalate())
    expect(workbench.waiting(customer.session_name)).to_be_visible()
    expect(workbench.locate(".toast")).to_have_count(0)


def test_on_a_phone_the_next_customer_is_always_at_hand(
    people: People, waiting_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice", size=NARROW)
    expect(workbench.locate("#take-next")).to_contain_text("Take next (8)")
    expect(workbench.locate("#take-next")).to_be_in_viewport(ratio=1)
    workbench.locate("#take-next").click()
    expect(workbench.locate("#text")).to_be_focused()
    for label in ("Hold", "Transfer", "Close"):
        expect(workbench.locate(".conversation-actions").get_by_text(label)).to_be_visible()


def test_on_a_phone_nothing_covers_the_row_that_has_focus(
    people: People, waiting_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice", size=LOW)
    expect(workbench.locate("#queue .row-link")).to_have_count(8)
    links = workbench.locate("#queue .row-link").all()
    for link in (*links, *reversed(links)):
        link.focus()
        assert link.evaluate(IS_UNCOVERED), link.inner_text()


def test_without_a_connection_nothing_looks_live(people: People, product: Product) -> None:
    workbench = people.agent("alice")
    expect(workbench.locate("#connection")).to_contain_text("up to date")
    product.workbench.kill()
    workbench.expect_reconnecting()
    expect(workbench.locate("#connect-now")).to_be_visible()
    stopped = workbench.locate(".channel-time").inner_text()
    expect(workbench.locate("#connection")).to_contain_text("No connection")
    assert workbench.locate(".channel-time").inner_text() == stopped
    product.workbench.start()
    # Not by the mouse: while the service started the page may have come back by itself, without the button.
    workbench.locate("#connect-now").evaluate("button => button.click()")
    workbench.expect_live(30)
    expect(workbench.locate("#connect-now")).to_be_hidden()


def test_nothing_open_says_the_next_step_and_the_days_figures(
    people: People, alice: AgentClient, customer: CustomerClient
) -> None:
    expect_answer(202, customer.escalate())
    workbench = people.agent("alice")
    expect(workbench.locate("#calm h2")).to_have_text("1 customer waits")
    expect(workbench.locate("#calm")).to_contain_text("Take the next one")
    closed = int(workbench.locate(".figures dd").first.inner_text())
    expect_answer(200, alice.take_over(customer.session_name))
    expect_answer(200, alice.call(customer.session_name, "close"))
    workbench.page.reload()
    expect(workbench.locate("#calm h2")).to_have_text("Nobody is waiting")
    expect(workbench.locate(".figures dd").first).to_have_text(str(closed + 1))


def test_the_last_one_who_is_taken_is_seen_whole(people: People, customer: CustomerClient) -> None:
    workbench = people.agent("alice")
    expect_answer(202, customer.escalate())
    workbench.take_over(customer.session_name)  # the pointer stays over the empty queue
    workbench.write("Hello")
    row = workbench.mine(customer.session_name)
    expect(row).to_contain_text("You: Hello")
    reach = "node => node.getBoundingClientRect().bottom"
    wait_until(
        "the row is not cut",
        lambda: row.evaluate(reach) <= workbench.locate(".mine").evaluate(reach) + 1,
        PATIENCE_SECONDS,
    )
