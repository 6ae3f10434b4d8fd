"""The transcript while others write: focus stays, and a screen reader hears each message once."""

import re

from playwright.sync_api import Route, expect

from tests.browser.conftest import People
from tests.browser.pages import ConversationPage

REFUSED = {"status": 400, "json": {"error": {"code": "INVALID", "message": "This cannot be sent."}}}
WATCH_LOG = """() => {
    window.addedToLog = [];
    new MutationObserver((changes) => changes.forEach(({ addedNodes }) => {
        const elements = [...addedNodes].filter((node) => node.nodeType === Node.ELEMENT_NODE);
        window.addedToLog.push(...elements.map((node) => node.className));
    })).observe(document.getElementById("messages"), { childList: true, subtree: true });
}"""


def added_to_log(page: ConversationPage) -> list[str]:
    """The classes of the elements that came into the log since it is watched, without who writes."""
    added: list[str] = page.page.evaluate("window.addedToLog")
    return [each for each in added if "typing" not in each]


def test_retry_keeps_its_focus_while_others_write(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(**REFUSED)  # type: ignore[arg-type]
        else:
            route.continue_()

    chat.page.route("**/messages", refuse)
    chat.write("refused")
    retry = chat.locate("#messages .message.failed button").first
    retry.focus()
    expect(chat.locate("#messages .notice[data-notice=taken]")).to_be_visible()
    chat.page.evaluate(WATCH_LOG)
    for text in ("one", "two", "three"):
        workbench.write(text)
        expect(chat.message("agent", text)).to_be_visible()
    expect(retry).to_be_focused()
    assert len(added_to_log(chat)) == 3
    chat.page.unroute("**/messages")
    retry.press("Enter")
    expect(chat.message("customer", "refused")).to_be_visible()


def test_the_log_gets_one_element_a_message(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    workbench.write("Hello")  # begins the day
    expect(chat.message("agent", "Hello")).to_be_visible()
    for page in (chat, workbench):
        page.page.evaluate(WATCH_LOG)
    chat.write("from the customer")  # on its way, then stored
    expect(workbench.message("customer", "from the customer")).to_be_visible()
    workbench.write("from the agent")
    expect(chat.message("agent", "from the agent")).to_be_visible()
    for page in (chat, workbench):
        page.expect_exactly(chat.fetch_messages)
        assert len(added_to_log(page)) == 2


def test_a_link_leads_to_another_tab_and_ends_before_chinese_text(people: People) -> None:
    chat = people.customer()
    chat.write("请看 https://example.com/a?b=1，谢谢 javascript:alert(1)")
    link = chat.message("customer", "请看").locator("a")
    expect(link).to_have_attribute("href", "https://example.com/a?b=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(link).to_have_attribute("target", "_blank")


def test_a_message_is_quoted_with_keys_alone(people: People) -> None:
    chat = people.customer()
    chat.write("Where is my order?")
    expect(chat.locate("#messages .message.by-bot:not(.typing)")).to_have_count(1)
    chat.locate("[role=log]").focus()
    chat.page.keyboard.press("Enter")
    chat.page.keyboard.press("ArrowUp")
    expect(chat.message("customer", "Where is my order?")).to_be_focused()
    chat.locate(".message-actions").get_by_role("button", name="Reply").press("Enter")
    expect(chat.locate("#text")).to_have_value("> Where is my order?\n")
    chat.locate("#text").press_sequentially("It is late.")
    chat.locate("#text").press("Enter")
    expect(chat.message("customer", "It is late.").locator(".quote")).to_contain_text("Where is my order?")
    chat.expect_exactly(chat.fetch_messages)


def test_pictures_and_files_have_their_place_before_they_are_loaded(people: People) -> None:
    chat = people.customer()
    chat.write("see these")
    expect(chat.message("customer", "see these")).to_be_visible()
    picture = {"id": "p", "name": "a.png", "type": "image/png", "bytes": 9, "width": 1600, "height": 1200}
    file = {
        "id": "f",
        "name": "<b>bill</b>.pdf",
        "type": "application/pdf",
        "bytes": 20480,
        "width": None,
        "height": None,
    }
    attachments = [
        {**picture, "url": "/api/attachments/p", "preview_url": "/api/attachments/p/preview"},
        {**file, "url": "/api/attachments/f", "preview_url": None},
    ]

    def attach(route: Route) -> None:
        answer = route.fetch()
        session = answer.json()
        session["messages"][0]["attachments"] = attachments
        route.fulfill(response=answer, json=session)

    chat.page.route(re.compile(r"/api/sessions/s-[^/]+$"), attach)
    held: list[Route] = []
    chat.page.route("**/api/attachments/**", lambda route: held.append(route))
    chat.page.reload()
    box = chat.locate(".attachments img").bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["height"])) == (320, 240)
    expect(chat.locate(".attachments .file")).to_contain_text("<b>bill</b>.pdf")
    expect(chat.locate(".attachments .file")).to_contain_text("PDF · 20 kB")
