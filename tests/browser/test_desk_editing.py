"""What agents note of a conversation at the desk, and that colleagues see it."""

from playwright.sync_api import expect

from harness.clients import CustomerClient
from tests.browser.conftest import People


def test_labels_priority_and_a_telephone_number(people: People, served_customers: list[CustomerClient]) -> None:
    workbench, supervisor = people.agent("alice"), people.agent("carol")
    name = served_customers[0].session_name
    supervisor.page.goto(f"{supervisor.url}/#/{name}")
    expect(supervisor.locate("#details-list")).to_contain_text("Alice")
    workbench.choose(name)
    workbench.locate("#edit").click()
    workbench.locate("#edit-label").fill("refund")
    workbench.locate("#edit-label").press("Enter")
    expect(workbench.locate("#edit-dialog .label[aria-pressed=true]")).to_have_text("refund")
    workbench.locate("#edit-phone").fill("+49 30 1234")
    workbench.locate("#edit-priority").select_option("urgent")
    workbench.locate("#edit-dialog [type=submit]").click()
    expect(workbench.locate("#edit-dialog")).to_be_hidden()
    expect(workbench.mine(name).locator(".urgency")).to_have_text("Urgent")
    for page in (workbench, supervisor):
        expect(page.locate("#details .labels")).to_have_text("refund")
        expect(page.locate("#details-list")).to_contain_text("+49 30 1234")
        expect(page.locate("#details-list")).to_contain_text("Urgent")


def test_what_is_refused_stays_in_the_dialog(people: People, served_customers: list[CustomerClient]) -> None:
    workbench = people.agent("alice")
    name = served_customers[0].session_name
    workbench.choose(name)
    workbench.locate("#edit").click()
    workbench.locate("#edit-email").evaluate("input => { input.type = 'text'; }")
    workbench.locate("#edit-email").fill("nobody")
    workbench.locate("#edit-dialog [type=submit]").click()
    expect(workbench.locate("#edit-dialog .error-text")).not_to_be_empty()
    expect(workbench.locate("#edit-email")).to_have_value("nobody")
    workbench.locate("#edit-dialog .line-button").click()
    expect(workbench.locate("#edit-dialog")).to_be_hidden()


def test_only_who_has_the_conversation_edits_it(people: People, served_customers: list[CustomerClient]) -> None:
    workbench = people.agent("bob")
    workbench.page.goto(f"{workbench.url}/#/{served_customers[0].session_name}")
    expect(workbench.locate("#details-list")).to_contain_text("Alice")
    expect(workbench.locate("#edit")).to_have_count(0)
