"""The desk helps an agent: replies that he may take up, what a conversation comes to, what a message means."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from harness.bots.completions import fails, whole
from harness.bots.server import Answer, Received, StubBot, in_background
from harness.clients import CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import NARROW, PATIENCE_SECONDS, WorkbenchPage
from tests.browser.test_accessible import expect_nothing

PAUSE_MS = 400  # after which the desk asks for suggested replies
QUESTION = "How do I return something?"
CHINESE = "我的包裹在哪里？"
MEANING = "Where is my parcel?"
SUMMARY = "She asks where her parcel is."
ADD_ENGINE = """INSERT INTO chatbot_botengine
    (name, kind, base_url, model, key_variable, marker, sends_knowledge, first_token_seconds, total_seconds)
    VALUES ('helper', 'openai', ?, 'stub', '', '', 1, 60, 60)"""
WITHOUT_ENGINE = "UPDATE chatbot_team SET engine_id = NULL; DELETE FROM chatbot_botengine;"


def answer(request: Received) -> Answer:
    return whole(MEANING if "translate" in request.body["messages"][0]["content"] else SUMMARY)


@pytest.fixture
def model(product: Product) -> Iterator[StubBot]:
    """A language model of the default team."""
    with in_background(StubBot(answer)) as bot:
        with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database:
            added = database.execute(ADD_ENGINE, [f"{bot.url}/v1"])
            database.execute("UPDATE chatbot_team SET engine_id = ? WHERE is_default", [added.lastrowid])
            database.commit()
        yield bot
        with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database:
            database.executescript(WITHOUT_ENGINE)


def answer_of(product: Product, question: str) -> str:
    with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database:
        found = database.execute("SELECT answer FROM chatbot_knowledgeentry WHERE question = ?", [question])
        [text] = found.fetchone()
        return str(text)


def test_a_suggested_reply_goes_into_the_composer_and_no_further(
    people: People, product: Product, served_customers: list[CustomerClient]
) -> None:
    customer, answer = served_customers[0], answer_of(product, QUESTION)
    workbench = people.agent("alice")
    workbench.choose(customer.session_name)
    text, chips = workbench.locate("#text"), workbench.locate(".suggestion")
    box = workbench.locate("#composer").bounding_box()
    expect_answer(201, customer.post(QUESTION))
    expect(chips.first).to_have_text(QUESTION)
    assert workbench.locate("#composer").bounding_box() == box  # nothing jumped
    chips.first.focus()
    expect(workbench.locate("[role=tooltip]")).to_have_text(answer)
    expect_nothing(workbench.page)
    text.fill("Hello! ")
    chips.first.focus()
    workbench.page.keyboard.press("Enter")
    expect(text).to_have_value(f"Hello! {answer}")
    expect(text).to_be_focused()
    workbench.page.keyboard.press("Control+z")
    expect(text).to_have_value("Hello! ")
    chips.first.click()
    workbench.page.keyboard.press("Enter")
    expect(workbench.message("agent", f"Hello! {answer}")).to_be_visible()
    expect(chips).to_have_count(0)
    assert [role for role, _ in workbench.shown()].count("agent") == 1


def test_a_page_that_nobody_sees_asks_for_no_replies(people: People, served_customers: list[CustomerClient]) -> None:
    """Ten desks in the background would ask ten times; what was missed is asked for when somebody looks."""
    customer = served_customers[0]
    workbench = people.agent("alice")
    workbench.hold_timers(PAUSE_MS)
    workbench.choose(customer.session_name)
    workbench.look_away()
    asked: list[str] = []
    people.use_up(workbench)
    workbench.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    expect_answer(201, customer.post(QUESTION))
    expect(workbench.message("customer", QUESTION)).to_be_visible()
    workbench.pass_timers()
    workbench.page.evaluate("fetch('/healthz')")  # what was asked before it is on the list before it
    wait_until("the page has asked for this", lambda: has_asked(workbench, asked, "/healthz"), PATIENCE_SECONDS)
    assert not [path for path in asked if "/suggestions" in path or "/summary" in path]
    workbench.come_back()
    expect(workbench.locate(".suggestion").first).to_have_text(QUESTION)
    assert len([path for path in asked if path.endswith("/suggestions")]) == 1


def has_asked(workbench: WorkbenchPage, asked: list[str], path: str) -> bool:
    workbench.page.wait_for_timeout(20)  # Playwright calls handlers while something waits for it
    return path in asked


def test_a_conversation_is_summed_up_and_a_message_translated_when_the_agent_wants_it(
    people: People, model: StubBot, served_customers: list[CustomerClient]
) -> None:
    customer = served_customers[0]
    expect_answer(201, customer.post(CHINESE))
    workbench = people.agent("alice", size=NARROW)
    workbench.choose(customer.session_name)
    expect(workbench.message("customer", CHINESE)).to_be_visible()
    asked = [each for each in model.received if "translate" in each.body["messages"][0]["content"]]
    assert not asked  # nothing leaves before somebody wants it
    workbench.locate(".translation button").click()
    expect(workbench.locate(".translation p")).to_have_text(MEANING)
    expect(workbench.message("customer", CHINESE)).to_be_visible()
    workbench.locate(".translation button").click()
    expect(workbench.locate(".translation p")).to_have_count(0)
    workbench.locate("#details-toggle").click()
    workbench.locate(".summary button").click()
    expect(workbench.locate(".summary p")).to_have_text(SUMMARY)
    expect_nothing(workbench.page)


def test_a_model_in_trouble_is_said_where_it_was_asked(
    people: People, model: StubBot, served_customers: list[CustomerClient]
) -> None:
    model.behaviour = lambda _request: fails(500)
    workbench = read_chinese(people, served_customers[0])
    workbench.locate(".translation button").click()
    expect(workbench.locate(".translation [role=alert]")).to_have_text(
        "The language model gave no answer. Please try again in a moment."
    )
    model.behaviour = answer
    workbench.locate(".translation button").click()
    expect(workbench.locate(".translation p")).to_have_text(MEANING)


def test_without_a_language_model_the_last_turns_are_the_summary_and_nothing_is_translated(
    people: People, served_customers: list[CustomerClient]
) -> None:
    workbench = read_chinese(people, served_customers[0])
    workbench.locate(".summary button").click()
    expect(workbench.locate(".summary p")).to_contain_text(f"Customer: {CHINESE}")
    expect(workbench.locate(".translation")).to_have_count(0)


def read_chinese(people: People, customer: CustomerClient) -> WorkbenchPage:
    expect_answer(201, customer.post(CHINESE))
    workbench = people.agent("alice")
    workbench.choose(customer.session_name)
    expect(workbench.message("customer", CHINESE)).to_be_visible()
    return workbench
