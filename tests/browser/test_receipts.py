"""How far a message has come, and who writes at this moment, as the other side sees it."""

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import People
from tests.browser.pages import ChatPage, ConversationPage, WorkbenchPage

TYPING_MS = 6_000  # how long a sign of it counts


@pytest.fixture
def pair(people: People) -> tuple[ChatPage, WorkbenchPage]:
    """A customer and the agent who has the conversation."""
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    return chat, workbench


def mark(page: ConversationPage, role: str, text: str) -> Locator:
    return page.message(role, text).locator(".receipt")


def test_a_message_is_delivered_then_seen_when_somebody_looks(pair: tuple[ChatPage, WorkbenchPage]) -> None:
    chat, workbench = pair
    chat.look_away()
    workbench.write("are you there?")
    expect(mark(workbench, "agent", "are you there?")).to_have_text("Delivered")
    chat.come_back()
    expect(mark(workbench, "agent", "are you there?")).to_have_text("Seen")
    chat.write("yes")
    expect(mark(chat, "customer", "yes")).to_have_text("Seen")
    chat.page.reload()
    expect(mark(chat, "customer", "yes")).to_have_text("Seen")


def test_each_sees_that_the_other_writes(pair: tuple[ChatPage, WorkbenchPage]) -> None:
    for reader in pair:
        reader.hold_timers(TYPING_MS)  # what is seen to end ends since it was told
    for writer, reader in (pair, pair[::-1]):
        writer.locate("#text").press_sequentially("Hm")
        expect(reader.locate("#messages .typing")).to_be_visible()
        writer.locate("#text").fill("")
        expect(reader.locate("#messages .typing")).to_have_count(0)


def test_a_message_that_waits_goes_out_by_itself_or_is_taken_back(pair: tuple[ChatPage, WorkbenchPage]) -> None:
    chat, workbench = pair

    def fail(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    posts = re.compile(r"/messages$")
    chat.page.route(posts, fail)
    chat.write("first")
    chat.write("second")
    waiting = chat.locate("#messages .message:has(.foot[data-state=waiting])")
    expect(waiting).to_have_count(2)
    expect(waiting.first.locator(".foot")).to_contain_text("Waiting to send")
    waiting.filter(has_text="second").get_by_role("button", name="Take back").click()
    expect(chat.locate("#text")).to_have_value("second")
    chat.page.unroute(posts)
    expect(workbench.message("customer", "first")).to_be_visible()
    chat.expect_exactly(chat.fetch_messages)
