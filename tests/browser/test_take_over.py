"""Two agents want the same customer."""

from playwright.sync_api import Route, expect

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People


def test_agent_who_is_too_late_sees_who_has_the_customer(
    people: People, bob: AgentClient, customer: CustomerClient
) -> None:
    workbench = people.agent("alice")
    expect_answer(202, customer.escalate())

    def let_bob_be_faster(route: Route) -> None:
        expect_answer(200, bob.take_over(customer.session_name))
        route.continue_()

    workbench.page.route("**/takeover", let_bob_be_faster)
    workbench.waiting(customer.session_name).locator(".row-action").click()
    expect(workbench.locate("#error")).to_have_text("Bob was faster.")
    expect(workbench.waiting(customer.session_name)).to_have_count(0)
    expect(workbench.mine(customer.session_name)).to_have_count(0)


def test_open_conversation_that_another_agent_takes_says_who_has_it(
    people: People, bob: AgentClient, customer: CustomerClient
) -> None:
    workbench = people.agent("alice")
    expect_answer(202, customer.escalate())
    workbench.waiting(customer.session_name).locator(".row-link").click()
    expect(workbench.locate("#takeover")).to_be_visible()
    expect_answer(200, bob.take_over(customer.session_name))
    expect(workbench.locate("#notice-text")).to_contain_text("With Bob since")
    expect(workbench.locate("#takeover")).to_be_hidden()


def test_supervisor_takes_over_what_another_agent_has(people: People, alice: AgentClient) -> None:
    supervisor = people.agent("carol")
    chat = people.customer()
    chat.escalate()
    expect_answer(200, alice.take_over(chat.session_name))
    supervisor.page.goto(f"{supervisor.url}/#/{chat.session_name}")
    expect(supervisor.locate("#notice-text")).to_contain_text("With Alice")
    expect(supervisor.locate("#close")).to_be_hidden()
    supervisor.locate("#takeover").click()
    expect(supervisor.locate("#composer")).to_be_visible()
    expect(chat.locate("h1")).to_have_text("Carol")
