"""A message that comes too soon waits on the page, says so, and is sent by itself."""

import json

from playwright.sync_api import Route, expect

from tests.browser.conftest import People

MESSAGES = "**/api/sessions/*/messages"
REFUSAL = {
    "status": 429,
    "headers": {"Retry-After": "1"},
    "json": {"error": {"code": "RATE_LIMITED", "message": "That was too much at once."}},
}
REFUSALS = 4  # at least: more than a message is tried after other answers


def test_messages_that_come_too_soon_are_sent_later(people: People) -> None:
    chat = people.customer()
    refused: list[str] = []
    said: list[str] = []  # of which messages the page said that they wait

    def refuse(route: Route) -> None:
        content = json.loads(route.request.post_data or "{}")["content"]
        if len(refused) >= REFUSALS and len(said) == 2:
            route.continue_()
            return
        refused.append(content)
        route.fulfill(**REFUSAL)  # type: ignore[arg-type]

    chat.page.route(MESSAGES, refuse)
    chat.write("first")
    chat.write("second")
    for text in ("first", "second"):
        delayed = chat.locate("#messages .message:has(.foot[data-state=delayed])").filter(has_text=text)
        expect(delayed.locator(".foot")).to_have_text("A lot at once: this is sent in a moment.")
        said.append(text)
    expect(chat.message("customer", "second")).to_be_visible()
    chat.expect_exactly(chat.fetch_messages)
    assert set(refused) == {"first"}
    written = [text for role, text in chat.fetch_messages() if role == "customer"]
    assert written == ["first", "second"]
