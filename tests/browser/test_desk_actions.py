"""What an agent does on the desk: every click counts, nothing slips away, and focus goes where the work goes on."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import APIResponse, Route, expect

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from harness.services import Product
from tests.browser.clicks import click_again_and_again
from tests.browser.conftest import People
from tests.browser.pages import PATIENCE_SECONDS, UNDO_MS, WorkbenchPage

CLICKS = 12
CLICK_PAUSE_SECONDS = 0.45


def status_of(agent: AgentClient, name: str) -> str:
    return str(agent.fetch(name)["status"])


def wait_for_status(agent: AgentClient, name: str, status: str) -> None:
    wait_until(f"the session is {status}", lambda: status_of(agent, name) == status, PATIENCE_SECONDS)


def taken(people: People, customer: CustomerClient) -> WorkbenchPage:
    """The desk of alice with this conversation taken over and open."""
    workbench = people.agent("alice")
    expect_answer(202, customer.escalate())
    workbench.take_over(customer.session_name)
    return workbench


@pytest.fixture
def many_customers(product: Product) -> Iterator[list[CustomerClient]]:
    """As many customers who wait as are clicked for."""
    with ExitStack() as stack:
        customers = [stack.enter_context(CustomerClient(product.chatbot.url)) for _ in range(CLICKS)]
        for customer in customers:
            customer.create_session()
            expect_answer(202, customer.escalate())
        yield customers


def test_twelve_quick_clicks_take_twelve_customers(people: People, many_customers: list[CustomerClient]) -> None:
    workbench = people.agent("alice")
    expect(workbench.locate("#queue .row")).to_have_count(CLICKS)
    click_again_and_again(workbench.page, workbench.locate("#queue .row-action").first, CLICKS, CLICK_PAUSE_SECONDS)
    expect(workbench.locate("#mine .row")).to_have_count(CLICKS)
    expect(workbench.locate("#queue .row")).to_have_count(0)
    expect(workbench.locate("#text")).to_be_focused()


def test_n_takes_who_waits_longest_and_is_a_letter_in_a_text(
    people: People, many_customers: list[CustomerClient]
) -> None:
    workbench = people.agent("alice")
    expect(workbench.locate("#queue .row")).to_have_count(CLICKS)
    workbench.page.keyboard.press("n")
    expect(workbench.mine(many_customers[0].session_name)).to_be_visible()
    expect(workbench.locate("#text")).to_be_focused()
    workbench.page.keyboard.press("n")
    expect(workbench.locate("#text")).to_have_value("n")
    expect(workbench.locate("#mine .row")).to_have_count(1)


def test_taking_the_next_of_an_empty_queue_says_so(people: People, alice: AgentClient) -> None:
    workbench = people.agent("alice")
    expect(workbench.locate("#take-next")).to_be_disabled()
    workbench.page.keyboard.press("n")
    expect(workbench.locate("#error")).to_have_text("Nobody waits for an agent.")


@pytest.mark.parametrize("action", ["close", "release"])
def test_what_was_not_meant_is_undone(
    people: People, alice: AgentClient, customer: CustomerClient, action: str
) -> None:
    workbench = taken(people, customer)
    workbench.hold_timers(UNDO_MS)
    if action == "close":
        workbench.locate("#close").click()
    else:
        workbench.from_menu(action)
    expect(workbench.mine(customer.session_name)).to_have_count(0)
    expect(workbench.locate("#undo-button")).to_be_focused()
    workbench.page.keyboard.press("Enter")
    expect(workbench.mine(customer.session_name)).to_be_visible()
    expect(workbench.locate("#text")).to_be_focused()
    workbench.write("Still here")
    expect(workbench.message("agent", "Still here")).to_be_visible()
    assert status_of(alice, customer.session_name) == "manual_live"


def test_closing_is_sent_at_once_when_the_page_is_left(
    people: People, alice: AgentClient, customer: CustomerClient
) -> None:
    workbench = taken(people, customer)
    workbench.hold_timers(UNDO_MS)  # they never pass
    workbench.locate("#close").click()
    expect(workbench.locate("#undo-button")).to_be_visible()
    workbench.page.goto("about:blank")
    wait_for_status(alice, customer.session_name, "closed")


def test_a_customer_who_writes_meanwhile_is_not_left(
    people: People, alice: AgentClient, customer: CustomerClient
) -> None:
    workbench = taken(people, customer)
    workbench.hold_timers(UNDO_MS)
    workbench.locate("#close").click()
    expect(workbench.locate("#undo-button")).to_be_visible()
    expect_answer(201, customer.post("One more thing"))
    expect(workbench.locate("#undo-button")).to_be_hidden()
    expect(workbench.locate("#composer")).to_be_visible()
    expect(workbench.message("customer", "One more thing")).to_be_visible()
    assert status_of(alice, customer.session_name) == "manual_live"


def test_a_conversation_goes_back_to_the_queue(people: People, alice: AgentClient, customer: CustomerClient) -> None:
    workbench = taken(people, customer)
    workbench.from_menu("requeue")
    expect(workbench.waiting(customer.session_name)).to_be_visible()
    # The button that comes, or the name above it where focus was lost before the button came.
    expect(workbench.locate("#takeover:focus, #open-name:focus")).to_have_count(1)
    workbench.locate("#takeover").click()
    expect(workbench.locate("#text")).to_be_focused()


def test_a_conversation_of_the_assistant_can_be_taken(
    people: People, alice: AgentClient, customer: CustomerClient
) -> None:
    workbench = people.agent("alice")
    workbench.page.goto(f"{workbench.url}/#/{customer.session_name}")
    workbench.locate("#takeover").click()
    expect(workbench.mine(customer.session_name)).to_be_visible()
    expect(workbench.locate("#text")).to_be_focused()


def test_a_colleagues_conversation_says_who_has_it_and_leaves_the_screen(
    people: People, bob: AgentClient, customer: CustomerClient
) -> None:
    expect_answer(201, customer.post("Where is my parcel?"))
    expect_answer(202, customer.escalate())
    workbench = people.agent("alice")
    workbench.page.goto(f"{workbench.url}/#/{customer.session_name}")
    expect(workbench.message("customer", "Where is my parcel?")).to_be_visible()
    expect_answer(200, bob.take_over(customer.session_name))
    expect(workbench.locate("#notice-text")).to_contain_text("With Bob since")
    expect(workbench.locate("#messages > li")).to_have_count(0)
    expect(workbench.locate("#elsewhere")).to_contain_text("Only Bob and supervisors")
    workbench.page.reload()
    expect(workbench.locate("#notice-text")).to_contain_text("With Bob")
    expect_answer(200, bob.call(customer.session_name, "release"))
    expect(workbench.message("customer", "Where is my parcel?")).to_be_visible()


def test_an_answer_from_before_the_right_ended_is_not_shown(
    people: People, bob: AgentClient, customer: CustomerClient
) -> None:
    expect_answer(201, customer.post("Where is my parcel?"))
    expect_answer(202, customer.escalate())
    workbench = people.agent("alice")
    page = workbench.page
    workbench.expect_live()
    late: list[tuple[Route, APIResponse]] = []
    address = re.compile(rf"/api/sessions/{customer.session_name}$")
    page.route(address, lambda route: late.append((route, route.fetch())))
    page.goto(f"{workbench.url}/#/{customer.session_name}")

    def is_held() -> bool:
        page.wait_for_timeout(20)  # Playwright calls handlers while something waits for it
        return bool(late)

    wait_until("the answer is held", is_held, PATIENCE_SECONDS)
    expect_answer(200, bob.take_over(customer.session_name))
    expect(workbench.locate("#open-status")).to_contain_text("With Bob")
    for route, answer in late:
        with page.expect_response(address) as arrived:
            route.fulfill(response=answer)
        arrived.value.finished()
    page.wait_for_timeout(200)
    expect(workbench.locate("#messages > li")).to_have_count(0)
    expect(workbench.locate("#elsewhere")).to_contain_text("Only Bob and supervisors")


@pytest.mark.parametrize(("answer", "status"), [("keep", "manual_live"), ("requeue", "pending_manual")])
def test_logging_out_asks_what_becomes_of_open_conversations(
    people: People, alice: AgentClient, customer: CustomerClient, answer: str, status: str
) -> None:
    expect_answer(202, customer.escalate())
    expect_answer(200, alice.take_over(customer.session_name))
    workbench = people.stranger()  # with a login of its own, which ends here
    workbench.page.goto(workbench.url)
    workbench.log_in("alice")
    expect(workbench.mine(customer.session_name)).to_be_visible()
    workbench.locate(".account summary").click()
    workbench.locate("#logout [type=submit]").click()
    workbench.locate("#logout-dialog [data-answer=no]").click()
    expect(workbench.locate("#logout-dialog")).to_be_hidden()
    workbench.locate(".account summary").click()
    workbench.locate("#logout [type=submit]").click()
    workbench.locate(f"#logout-dialog [data-answer={answer}]").click()
    expect(workbench.locate("#id_username")).to_be_visible()
    assert status_of(alice, customer.session_name) == status
