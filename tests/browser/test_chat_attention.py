"""New messages reach a customer who looks elsewhere."""

import re

from playwright.sync_api import expect

from harness.clients import AgentClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People

LOOK_ELSEWHERE = """(isHidden) => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_messages_in_the_background_are_counted_until_the_page_is_seen(people: People, alice: AgentClient) -> None:
    chat = people.customer()
    chat.escalate()
    expect_answer(200, alice.take_over(chat.session_name))
    chat.expect_status("manual_live")
    chat.page.evaluate(LOOK_ELSEWHERE, True)
    for text in ("One", "Two"):
        expect_answer(201, alice.reply(chat.session_name, text))
        expect(chat.message("agent", text)).to_be_visible()
    expect(chat.page).to_have_title(re.compile(r"^\(2\) "))
    expect(chat.locate("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/svg"))
    chat.page.evaluate(LOOK_ELSEWHERE, False)
    expect(chat.page).not_to_have_title(re.compile(r"^\("))
    expect(chat.locate("link[rel=icon]")).not_to_have_attribute("href", re.compile("^data:"))
