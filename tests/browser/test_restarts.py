"""A service is killed and comes back while both pages are open and writing: the pages come back by themselves."""

import re

import pytest
from playwright.sync_api import expect

from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import ChatPage, WorkbenchPage

ROUNDS = 9
BACK_WITHIN_SECONDS = 30.0
SESSION = re.compile(r"/api/sessions/s-[^/]+$")  # the call that fetches one


@pytest.mark.parametrize("name", ["chatbot", "workbench"])
def test_pages_come_back_and_show_everything_once(people: People, product: Product, name: str) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    affected: ChatPage | WorkbenchPage
    service, affected = (product.chatbot, chat) if name == "chatbot" else (product.workbench, workbench)
    chat.escalate()
    workbench.take_over(chat.session_name)
    for number in range(ROUNDS):
        if number == ROUNDS // 3:
            service.kill()
            affected.expect_reconnecting()
        if number == ROUNDS * 2 // 3:
            service.start()
        chat.write(f"question {number}")
        workbench.write(f"answer {number}")
    affected.expect_live(BACK_WITHIN_SECONDS)
    last = ROUNDS - 1
    for page in (chat, workbench):
        for role, text in (("customer", f"question {last}"), ("agent", f"answer {last}")):
            expect(page.message(role, text)).to_be_visible(timeout=BACK_WITHIN_SECONDS * 1000)
        page.expect_exactly(chat.fetch_messages, BACK_WITHIN_SECONDS)
    written = [text for role, text in chat.fetch_messages() if role in ("customer", "agent")]
    for who in ("question", "answer"):
        assert [text for text in written if who in text] == [f"{who} {number}" for number in range(ROUNDS)]


def test_page_loaded_while_the_service_is_away_shows_the_conversation_when_it_is_back(people: People) -> None:
    chat = people.customer()
    chat.write("What are your opening hours?")
    expect(chat.message("bot", "Monday to Friday")).to_be_visible()
    chat.page.route(SESSION, lambda route: route.abort())
    chat.page.reload()
    expect(chat.locate("#error")).to_be_visible()
    chat.page.unroute_all()
    chat.expect_exactly(chat.fetch_messages)
    expect(chat.locate("#error")).to_be_hidden()


def test_first_message_that_found_no_service_stays_in_the_composer(people: People) -> None:
    chat = people.customer()
    chat.page.route(SESSION, lambda route: route.abort())
    chat.write("What are your opening hours?")
    expect(chat.locate("#error")).to_be_visible()
    expect(chat.locate("#text")).to_have_value("What are your opening hours?")
    chat.page.unroute_all()
    chat.locate("#text").press("Enter")
    expect(chat.message("bot", "Monday to Friday")).to_be_visible()
    chat.expect_exactly(chat.fetch_messages)


def test_conversation_opened_while_the_service_is_away_shows_its_history_when_it_is_back(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.page.route(SESSION, lambda route: route.abort())
    workbench.take_over(chat.session_name)
    expect(workbench.locate("#error")).to_be_visible()
    workbench.page.unroute_all()
    workbench.expect_exactly(chat.fetch_messages)


def test_what_came_while_the_stream_was_away_is_counted(people: People, product: Product) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    workbench.write("before")
    expect(chat.message("agent", "before")).to_be_visible()
    product.chatbot.kill()
    chat.expect_reconnecting()
    for text in ("one", "two"):
        workbench.write(text)
        expect(workbench.message("agent", text)).to_be_visible()
    product.chatbot.start()
    chat.expect_live(BACK_WITHIN_SECONDS)
    expect(chat.locate("#messages .missed")).to_have_text("2 messages while you were away")
    workbench.write("after")
    expect(chat.message("agent", "after")).to_be_visible()
    expect(chat.locate("#messages .missed")).to_have_text("2 messages while you were away")
