"""axe-core finds nothing on the chat page in any of its states, in either language, light and dark."""

import pytest
from playwright.sync_api import expect

from harness.clients import AgentClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People
from tests.browser.pages import NARROW, WIDE
from tests.browser.test_accessible import LOCALES, expect_nothing

SIZES = {"en-GB": WIDE, "zh-CN": NARROW}


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_found_on_the_chat_page(people: People, alice: AgentClient, locale: str) -> None:
    chat = people.customer(locale, SIZES[locale])
    expect_nothing(chat.page)
    chat.write("What are your opening hours?")
    expect(chat.message("bot", "Monday to Friday")).to_be_visible()
    chat.open_menu()
    expect_nothing(chat.page)
    chat.page.keyboard.press("Escape")
    chat.escalate()
    chat.locate("summary").click()
    expect(chat.locate("#email")).to_be_visible()
    expect_nothing(chat.page)
    expect_answer(200, alice.take_over(chat.session_name))
    expect(chat.locate("h1")).to_have_text("Alice")
    chat.context.set_offline(True)
    expect(chat.locate("#connect")).to_be_visible()
    expect_nothing(chat.page)
    chat.context.set_offline(False)
    chat.expect_live()
    expect_answer(200, alice.call(chat.session_name, "close"))
    expect(chat.locate("#rating")).to_be_visible()
    expect_nothing(chat.page)
    chat.locate("#not-now").click()
    expect(chat.locate("#rating")).to_have_count(0)
    expect_nothing(chat.page)
