"""Small screens, the keyboard alone, and screen readers."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.pages import NARROW, SMALL, UNDO_MS, ChatPage, ConversationPage, WorkbenchPage

CONTROLS = "a[href], button, input:not([type=hidden]), textarea, select, summary"
# a control in an accessibility snapshot that stands there without a name: `- button` and not `- button "Send"`
NAMELESS = re.compile(
    r"^\s*- (?:button|link|textbox|searchbox|combobox|tab|checkbox|dialog)(?! \")(?=[ :\[]|$).*$", re.MULTILINE
)
# Where a control is, once it is in view; null if it is not there any more: some are only while the pointer or the focus
# is beside them.
SCROLL_TO = """node => {
    if (!node.checkVisibility({ visibilityProperty: true }) || !node.getClientRects().length) return null;
    node.scrollIntoViewIfNeeded();
    const { left, right } = node.getBoundingClientRect();
    return { left, right, isEnabled: !node.matches(":disabled, [aria-disabled=true], [aria-disabled=true] *") };
}"""
MAX_TABS = 30
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 3


def expect_fits(page: ConversationPage, panel: str = "body") -> None:
    """Nothing reaches out of the window sideways, and every control of the panel can be clicked."""
    for control in page.locate(panel).locator(CONTROLS).filter(visible=True).element_handles():
        seen = control.evaluate(SCROLL_TO)
        if seen is None:
            continue
        assert 0 <= seen["left"] < seen["right"] <= NARROW[0], control.evaluate("node => node.outerHTML")
        if seen["isEnabled"]:
            control.click(trial=True)
    for selector in ("html", "body", ".scroller", ".tab-panel"):
        for width in page.locate(selector).filter(visible=True).evaluate_all("nodes => nodes.map(n => n.scrollWidth)"):
            assert width <= NARROW[0], selector


def served_on_a_phone(people: People) -> tuple[ChatPage, WorkbenchPage]:
    workbench = people.agent("alice", size=NARROW)
    chat = people.customer(size=NARROW)
    chat.write(f"{LONG_WORD} https://shop.example/{LONG_WORD}")
    chat.escalate()
    workbench.take_over(chat.session_name)
    workbench.write(LONG_WORD)
    expect(chat.message("agent", LONG_WORD)).to_be_visible()
    return chat, workbench


def test_phone_shows_the_conversation_without_scrolling_sideways(people: People) -> None:
    chat, workbench = served_on_a_phone(people)
    expect_fits(chat)
    expect_fits(workbench)


def test_phone_shows_the_welcome_and_the_queue_without_scrolling_sideways(people: People) -> None:
    workbench = people.agent("alice", size=NARROW)
    expect_fits(people.customer(size=NARROW))
    chat = people.customer(size=NARROW)
    chat.write("I want to talk to a human " + LONG_WORD)
    expect(workbench.waiting(chat.session_name)).to_be_visible()
    expect_fits(workbench)
    expect_fits(chat)


def test_phone_reaches_list_details_and_account(people: People) -> None:
    chat, workbench = served_on_a_phone(people)
    workbench.locate("#details-toggle").click()
    expect(workbench.locate("#details .card")).to_be_visible()
    expect_fits(workbench, "#details")
    workbench.locate("#details-close").click()
    expect(workbench.locate("#details")).to_be_hidden()
    workbench.locate("#details-toggle").click()
    workbench.locate("#edit").press("Escape")
    expect(workbench.locate("#details")).to_be_hidden()
    expect(workbench.locate("#details-toggle")).to_be_focused()
    workbench.locate("#back").click()
    expect(workbench.mine(chat.session_name)).to_be_visible()
    workbench.locate("#tab-all").click()
    workbench.locate("#search-text").fill(chat.session_name)
    expect(workbench.locate("#found .row")).to_have_count(1)
    expect_fits(workbench)
    workbench.locate(".account summary").click()
    expect(workbench.locate(".account-menu [type=submit]")).to_be_visible()
    expect_fits(workbench, ".account")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_phone_says_in_full_that_there_is_no_connection(people: People, locale: str) -> None:
    workbench = people.agent("alice", locale, SMALL)
    workbench.expect_readable_bar()
    workbench.context.set_offline(True)
    workbench.expect_reconnecting()
    expect(workbench.locate("#connect-now")).to_be_visible()
    workbench.expect_readable_bar()


# The keyboard


def tab_to(page: ConversationPage, selector: str) -> None:
    """Press Tab until the element has focus."""
    focused = page.locate(f"{selector}:focus")
    for _ in range(MAX_TABS):
        page.page.keyboard.press("Tab")
        if focused.count():
            return
    raise AssertionError(f"{MAX_TABS} times Tab do not reach {selector}")


def test_customer_writes_and_escalates_with_the_keyboard_alone(people: People) -> None:
    chat = people.customer()
    keyboard = chat.page.keyboard
    tab_to(chat, "#text")
    keyboard.type("What are your opening hours?")
    keyboard.press("Enter")
    expect(chat.message("bot", "Monday to Friday")).to_be_visible()
    expect(chat.locate("#text")).to_be_focused()
    tab_to(chat, "#escalate")
    keyboard.press("Enter")
    chat.expect_status("pending_manual")
    tab_to(chat, "#cancel")
    keyboard.press("Space")
    chat.expect_status("bot_active")


def test_agent_takes_over_answers_and_closes_with_the_keyboard_alone(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    expect(workbench.waiting(chat.session_name)).to_be_visible()
    keyboard = workbench.page.keyboard
    tab_to(workbench, "#queue .row-link")
    keyboard.press("End")
    keyboard.press("ArrowRight")
    expect(workbench.waiting(chat.session_name).locator(".row-action")).to_be_focused()
    keyboard.press("Enter")
    expect(workbench.locate("#text")).to_be_focused()
    keyboard.type("Hello, Alice here.")
    keyboard.press("Enter")
    expect(chat.message("agent", "Hello, Alice here.")).to_be_visible()
    workbench.hold_timers(UNDO_MS)
    tab_to(workbench, "#close")
    keyboard.press("Enter")
    expect(workbench.locate("#undo-button")).to_be_focused()
    workbench.pass_timers()
    chat.expect_status("closed")


# Names of controls


def expect_names(page: ConversationPage) -> None:
    snapshot = page.locate("body").aria_snapshot()
    assert "- button" in snapshot
    assert NAMELESS.findall(snapshot) == [], snapshot


def test_every_control_of_the_chat_page_has_a_name(people: People) -> None:
    chat = people.customer()
    expect_names(chat)
    chat.escalate()
    expect_names(chat)
    chat.open_menu()
    expect_names(chat)
    chat.locate("#new").click()
    expect(chat.locate("#new-dialog")).to_be_visible()
    expect_names(chat)


def test_every_control_of_the_workbench_has_a_name(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    expect(workbench.waiting(chat.session_name)).to_be_visible()
    expect_names(workbench)
    workbench.take_over(chat.session_name)
    expect_names(workbench)
    workbench.hold_timers(UNDO_MS)
    workbench.locate("#close").click()
    expect(workbench.locate("#undo-button")).to_be_visible()
    expect_names(workbench)
    workbench.locate("#undo-button").click()
    expect(workbench.locate("#composer")).to_be_visible()
    workbench.locate("#tab-all").click()
    expect_names(workbench)


def test_every_control_of_the_login_page_has_a_name(people: People) -> None:
    workbench = people.stranger()
    workbench.page.goto(workbench.url)
    expect(workbench.locate("#id_username")).to_be_focused()
    expect_names(workbench)


def test_nameless_control_is_noticed(people: People) -> None:
    chat = people.customer()
    chat.locate("#composer .send").evaluate(
        "node => ['title', 'aria-label'].forEach(name => node.removeAttribute(name))"
    )
    with pytest.raises(AssertionError):
        expect_names(chat)
