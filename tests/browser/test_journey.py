"""From the bot to a human and back, in two browsers, in both languages."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from harness.clients import AgentClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People
from tests.browser.pages import Gate, Moment


@dataclass(frozen=True)
class Language:
    """What a browser of this locale is to show."""

    locale: str
    html: str
    question: str
    answer: str
    escalate: str
    waiting: str
    take_over: str
    with_you: str


ENGLISH = Language(
    locale="en-GB",
    html="en",
    question="What are your opening hours?",
    answer="Monday to Friday",
    escalate="Talk to a human",
    waiting="Waiting for an agent",
    take_over="Take over",
    with_you="With you",
)
CHINESE = Language(
    locale="zh-CN",
    html="zh-hans",
    question="你们的营业时间是什么时候？",
    answer="周一至周五",
    escalate="转人工客服",
    waiting="等待人工客服",
    take_over="接入",
    with_you="您正在服务",
)


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=lambda language: language.html)
def test_conversation_goes_to_an_agent_and_back(people: People, screenshots: Path, language: Language) -> None:
    workbench = people.agent("alice", language.locale)
    chat = people.customer(language.locale)
    expect(chat.locate("html")).to_have_attribute("lang", language.html)
    expect(chat.locate("#welcome")).to_be_visible()
    chat.shoot(screenshots, "01-customer-welcome")

    chat.write(language.question)
    expect(chat.message("bot", language.answer)).to_be_visible()
    chat.shoot(screenshots, "02-customer-bot-answers")

    expect(chat.locate("#escalate")).to_have_text(language.escalate)
    asked = Moment()
    chat.locate("#escalate").click()
    row = workbench.waiting(chat.session_name)
    workbench.expect_soon(lambda: expect(row).to_be_visible(), since=asked)
    expect(chat.locate("#status")).to_have_text(language.waiting)
    chat.shoot(screenshots, "03-customer-waits")
    workbench.shoot(screenshots, "04-agent-queue")

    expect(row.locator(".row-action")).to_have_text(language.take_over)
    workbench.take_over(chat.session_name)
    expect(workbench.locate("#open-status")).to_have_text(language.with_you)
    expect(workbench.message("bot", language.answer)).to_be_visible()
    expect(chat.locate("h1")).to_have_text("Alice")
    workbench.shoot(screenshots, "05-agent-has-it")

    workbench.write("Alice 你好")
    expect(chat.message("agent", "Alice 你好")).to_be_visible()
    chat.write("Hello Alice, 谢谢!")
    expect(workbench.message("customer", "Hello Alice, 谢谢!")).to_be_visible()
    workbench.expect_exactly(chat.fetch_messages)
    chat.expect_exactly(chat.fetch_messages)
    chat.shoot(screenshots, "06-customer-with-agent")
    workbench.shoot(screenshots, "07-agent-with-customer")

    workbench.from_menu("release")
    chat.expect_status("bot_active")
    expect(workbench.mine(chat.session_name)).to_have_count(0)
    chat.write(language.question)
    expect(chat.message("bot", language.answer)).to_have_count(2)
    chat.shoot(screenshots, "08-customer-released")

    chat.escalate()
    workbench.take_over(chat.session_name)
    workbench.close_conversation()
    chat.expect_status("closed")
    expect(workbench.locate("#open-status")).to_have_attribute("data-status", "closed")
    chat.shoot(screenshots, "09-customer-closed")
    workbench.shoot(screenshots, "10-agent-closed")

    chat.write(language.question)
    chat.expect_status("bot_active")
    expect(chat.message("bot", language.answer)).to_have_count(3)
    chat.expect_exactly(chat.fetch_messages)
    chat.shoot(screenshots, "11-customer-reopened")


def test_customer_who_gives_up_waiting_leaves_the_queue(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    expect(workbench.waiting(chat.session_name)).to_be_visible()
    chat.locate("#cancel").click()
    chat.expect_status("bot_active")
    expect(workbench.waiting(chat.session_name)).to_have_count(0)


def test_announcement_goes_when_another_agent_takes_over(people: People, bob: AgentClient) -> None:
    workbench = people.agent("alice")
    workbench.locate("#tab-all").click()  # the queue is out of view
    chat = people.customer()
    chat.escalate()
    toast = workbench.locate(f'.toast[data-name="{chat.session_name}"]')
    expect(toast).to_be_visible()
    taken = Moment()
    expect_answer(200, bob.take_over(chat.session_name))
    workbench.expect_soon(lambda: expect(toast).to_have_count(0), since=taken)


def test_customer_changes_the_language_and_keeps_the_conversation(people: People) -> None:
    chat = people.customer("en-GB")
    chat.write(ENGLISH.question)
    expect(chat.message("bot", ENGLISH.answer)).to_be_visible()
    chat.locate(".language button").click()
    expect(chat.locate("html")).to_have_attribute("lang", "zh-hans")
    expect(chat.locate("#escalate")).to_have_text(CHINESE.escalate)
    chat.expect_exactly(chat.fetch_messages)


def test_agent_changes_the_language_and_keeps_the_open_conversation(people: People) -> None:
    workbench = people.agent("alice", "zh-CN")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    workbench.locate(".language button").click()
    expect(workbench.locate("html")).to_have_attribute("lang", "en")
    expect(workbench.locate("#open-status")).to_have_text("With you")


def test_agent_logs_in_where_the_address_led(people: People) -> None:
    workbench = people.stranger()
    workbench.page.goto(workbench.url)
    workbench.log_in("alice")
    workbench.expect_live()
    expect(workbench.locate(".account-name")).to_have_text("Alice")


def test_wrong_password_is_told(people: People) -> None:
    workbench = people.stranger()
    workbench.page.goto(workbench.url)
    workbench.log_in("alice", "wrong")
    expect(workbench.locate("[role=alert]")).to_be_visible()
    expect(workbench.locate("#id_username")).to_have_value("alice")


def test_a_message_does_not_overtake_the_one_that_begins_the_session(people: People) -> None:
    chat = people.customer()
    gate = Gate(chat.page, re.compile(r"/api/sessions/[^/?]+(\?.*)?$"))
    chat.write("first")
    gate.wait_for_one()
    chat.write("second")
    gate.open()
    expect(chat.message("customer", "second")).to_be_visible()  # until then an empty page shows what is stored: nothing
    chat.expect_exactly(chat.fetch_messages)
    assert [text for role, text in chat.fetch_messages() if role == "customer"] == ["first", "second"]
