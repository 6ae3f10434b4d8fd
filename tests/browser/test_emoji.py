"""Emoji are picked at the caret; the picker is loaded when it is opened, and not where a keyboard has them."""

import pytest
from playwright.sync_api import Browser, Locator, expect

from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import ConversationPage
from tests.browser.test_accessible import LOCALES, expect_nothing

# A machine without a font for emoji is told so, instead of being shown boxes; what is tested here is not the font.
NO_FONT_NEEDED = "picker => picker.setAttribute('emoji-version', '15.0')"


def open_picker(page: ConversationPage) -> Locator:
    page.locate("#composer [data-emoji] > button").click()
    picker = page.locate("emoji-picker")
    picker.evaluate(NO_FONT_NEEDED)
    expect(picker.get_by_role("menuitem").first).to_be_visible()
    return picker


def caret(page: ConversationPage) -> int:
    expect(page.locate("#text")).to_be_focused()
    return int(page.locate("#text").evaluate("box => box.selectionStart"))


def test_an_emoji_goes_in_at_the_caret(people: People) -> None:
    chat = people.customer()
    chat.locate("#text").fill("Thank you!")
    chat.locate("#text").evaluate("box => box.setSelectionRange(5, 5)")
    picker = open_picker(chat)
    picker.get_by_role("combobox").fill("party")
    picker.get_by_role("option", name="party popper").click()
    expect(chat.locate("#text")).to_have_value("Thank\N{PARTY POPPER} you!")
    assert caret(chat) == 7  # of UTF-16
    expect(picker).to_be_hidden()


def test_escape_closes_and_gives_the_focus_back(people: People) -> None:
    chat = people.customer()
    chat.locate("#text").fill("Hello")
    picker = open_picker(chat)
    expect(picker.get_by_role("combobox")).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(picker).to_be_hidden()
    assert caret(chat) == 5


def test_it_is_loaded_when_it_is_opened_and_only_from_here(people: People) -> None:
    chat = people.customer("zh-CN")
    asked: list[str] = []
    people.use_up(chat)
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.page.reload()
    expect(chat.locate("#composer [data-emoji] > button")).to_be_visible()
    assert [url for url in asked if "emoji-" in url or "emoji_sheet" in url] == []
    picker = open_picker(chat)
    expect(picker.get_by_role("combobox")).to_have_attribute("placeholder", "搜索")
    expect(picker.get_by_role("menuitem", name="嘿嘿").first).to_be_visible()
    assert [url for url in asked if not url.startswith(chat.url)] == []


def test_a_search_takes_nobody_from_the_queue(people: People, alice: AgentClient, customer: CustomerClient) -> None:
    expect_answer(202, customer.escalate())
    expect_answer(200, alice.take_over(customer.session_name))
    with CustomerClient(customer.url) as waiting:
        waiting.create_session()
        expect_answer(202, waiting.escalate())
        desk = people.agent("alice")
        desk.choose(customer.session_name)
        picker = open_picker(desk)
        picker.get_by_role("combobox").press_sequentially("no")
        expect(picker.get_by_role("option").first).to_be_visible()
        expect(desk.waiting(waiting.session_name)).to_be_visible()


def test_a_keyboard_on_the_screen_has_its_own(browser: Browser, product: Product) -> None:
    with browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        page.goto(product.chatbot.url)
        expect(page.locator("[data-attach] button")).to_be_visible()
        expect(page.locator("[data-emoji] button")).to_have_count(0)


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_found_in_the_picker(people: People, locale: str) -> None:
    chat = people.customer(locale)
    open_picker(chat)
    expect_nothing(chat.page)
