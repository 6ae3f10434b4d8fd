"""An agent copies or prints a conversation: all of it, with names and times, and nothing else of the page."""

import pytest
from playwright.sync_api import expect

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People

MORE_THAN_A_PAGE = 103
COPIED_MS = 1_500  # for how long the button says so


@pytest.fixture
def long_talk(customer: CustomerClient, alice: AgentClient) -> CustomerClient:
    expect_answer(202, customer.escalate())
    expect_answer(200, alice.take_over(customer.session_name))
    for n in range(MORE_THAN_A_PAGE):
        expect_answer(201, customer.post(f"Question {n}"))
    return customer


def test_all_of_it_is_copied(people: People, long_talk: CustomerClient) -> None:
    desk = people.agent("alice")
    people.use_up(desk).grant_permissions(["clipboard-read", "clipboard-write"])
    desk.choose(long_talk.session_name)
    desk.hold_timers(COPIED_MS)
    desk.locate("#talk-more").click()
    desk.locate("#copy-talk").click()
    expect(desk.locate("#copy-talk")).to_have_text("Copied")
    text = desk.page.evaluate("() => navigator.clipboard.readText()")
    assert text.startswith("Conversation with Visitor ")
    assert [f": Question {n}\n" in text for n in range(MORE_THAN_A_PAGE)] == [True] * MORE_THAN_A_PAGE
    assert "] You took over.\n" in text


def test_the_conversation_alone_is_printed(people: People, long_talk: CustomerClient) -> None:
    desk = people.agent("alice")
    desk.page.evaluate("() => { window.print = () => { window.hasPrinted = true; }; }")
    desk.choose(long_talk.session_name)
    desk.locate("#talk-more").click()
    desk.locate("#print-talk").click()
    desk.page.wait_for_function("() => window.hasPrinted")
    expect(desk.locate("#sheet")).to_be_hidden()
    desk.page.emulate_media(media="print", color_scheme="dark")
    expect(desk.locate("#sheet h1")).to_contain_text("Conversation with Visitor")
    expect(desk.locate("#sheet .sheet-entry").filter(has_text="Question")).to_have_count(MORE_THAN_A_PAGE)
    expect(desk.locate("#sheet")).to_contain_text("Written out for Alice on")
    expect(desk.locate("main, .topbar, dialog").locator("visible=true")).to_have_count(0)
    expect(desk.locate("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(desk.locate("#sheet p").last).to_have_css("color", "rgb(0, 0, 0)")
    desk.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    expect(desk.locate("#sheet")).to_be_empty()
