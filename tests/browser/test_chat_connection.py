"""Since when the customer's page is up to date, without a connection until when; and a click that tries again."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import People

# A stream that never comes: nothing but a click opens another one.
LOSE_STREAM = """() => {
    window.WorkingSource = window.ReconnectingEventSource;
    window.ReconnectingEventSource = class extends EventTarget { close() {} };
}"""
REPAIR_STREAM = "() => { window.ReconnectingEventSource = window.WorkingSource; }"


def test_a_lost_connection_says_until_when_all_is_here_and_comes_back_at_a_click(people: People) -> None:
    chat = people.customer()
    chat.write("Where is my order?")
    chat.open_menu()
    expect(chat.locate("#since")).to_have_text(re.compile(r"^Up to date since \d\d:\d\d:\d\d$"))
    chat.page.keyboard.press("Escape")
    chat.page.evaluate(LOSE_STREAM)
    chat.context.set_offline(True)
    chat.expect_reconnecting()
    chat.context.set_offline(False)  # the network is there again, the service is not
    expect(chat.locate("#up-to")).to_have_text(re.compile(r"^Up to date until \d\d:\d\d:\d\d$"))
    chat.page.evaluate(REPAIR_STREAM)
    chat.locate("#connect").click()
    chat.expect_live()
    chat.open_menu()
    expect(chat.locate("#since")).to_be_visible()
