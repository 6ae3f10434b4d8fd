"""Two customers and two agents, in both languages, through everything that goes wrong on a bad day."""

import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import ChatPage, WorkbenchPage

CUT_SECONDS = 60.0
BACK_WITHIN_SECONDS = 30.0
MISSED = 3  # messages that each side writes to one who is cut off, before one more while a service is away


@dataclass(frozen=True, slots=True)
class Talk:
    """A customer and an agent in one language; `cut` is the page that loses its network, `other` is the other one."""

    chat: ChatPage
    workbench: WorkbenchPage
    question: str
    seen: str
    missed: str
    thanks: str
    is_customer_cut: bool

    @property
    def cut(self) -> ChatPage | WorkbenchPage:
        return self.chat if self.is_customer_cut else self.workbench

    @property
    def other(self) -> ChatPage | WorkbenchPage:
        return self.workbench if self.is_customer_cut else self.chat

    def begin(self) -> None:
        """The bot answers, the customer asks for a human, the agent takes the next."""
        self.chat.write(self.question)
        expect(self.chat.locate("#messages .message.by-bot")).to_be_visible()
        self.chat.escalate()
        expect(self.workbench.waiting(self.chat.session_name)).to_be_visible()
        self.workbench.page.keyboard.press("n")
        expect(self.workbench.mine(self.chat.session_name)).to_be_visible()
        expect(self.workbench.locate("#text")).to_be_focused()

    def expect_seen(self, text: str) -> None:
        """Each side's message of this text is marked as seen."""
        for page, role in ((self.chat, "customer"), (self.workbench, "agent")):
            mark = page.message(role, text).locator(".receipt")
            expect(mark).to_have_text(self.seen, timeout=BACK_WITHIN_SECONDS * 1000)

    def expect_same(self) -> None:
        for page in (self.chat, self.workbench):
            page.expect_exactly(self.chat.fetch_messages, BACK_WITHIN_SECONDS)


@pytest.fixture
def talks(people: People) -> list[Talk]:
    english = Talk(
        people.customer("en-GB"),
        people.agent("alice", "en-GB"),
        question="What are your opening hours?",
        seen="Seen",
        missed=f"{MISSED + 1} messages while you were away",
        thanks="Thank you for your rating.",
        is_customer_cut=True,
    )
    chinese = Talk(
        people.customer("zh-CN"),
        people.agent("bob", "zh-CN"),
        question="怎么退货？",
        seen="已读",
        missed=f"您离开期间有 {MISSED + 1} 条消息",
        thanks="感谢您的评价。",
        is_customer_cut=False,
    )
    return [english, chinese]


def test_both_see_the_same_after_a_bad_day(talks: list[Talk], product: Product) -> None:
    for talk in talks:
        talk.begin()
        for page in (talk.chat, talk.workbench):
            page.write("hello 你好")
        talk.expect_seen("hello 你好")
    lose_everything_for_a_minute(talks, product)
    for talk in talks:
        expect(talk.cut.locate("#messages .missed")).to_have_text(talk.missed, timeout=BACK_WITHIN_SECONDS * 1000)
        for page in (talk.chat, talk.workbench):
            page.write("back again")
        talk.expect_seen("back again")
        talk.expect_same()
    for talk in talks:
        end_and_rate(talk)


def lose_everything_for_a_minute(talks: list[Talk], product: Product) -> None:
    """One page of each pair has no network; meanwhile Redis dies and the customers' service is started anew."""
    began = time.monotonic()
    for talk in talks:
        talk.cut.context.set_offline(True)
        talk.cut.expect_reconnecting()
        talk.cut.write("written without a network")
        for number in range(MISSED):
            talk.other.write(f"message {number}")
    product.valkey.kill()
    product.chatbot.kill()
    for talk in talks:
        talk.other.write("written while Redis and a service were away")
    product.chatbot.start()
    talks[0].other.page.wait_for_timeout(max(0.0, CUT_SECONDS - (time.monotonic() - began)) * 1000)
    product.valkey.start()
    for talk in talks:
        role = "agent" if talk.is_customer_cut else "customer"
        expect(talk.other.message(role, "written while Redis and a service were away")).to_be_visible()
        talk.cut.context.set_offline(False)
    for talk in talks:
        talk.chat.expect_live(BACK_WITHIN_SECONDS)
        talk.workbench.expect_live(BACK_WITHIN_SECONDS)


def end_and_rate(talk: Talk) -> None:
    talk.workbench.close_conversation()
    talk.chat.expect_status("closed")
    talk.chat.locate("[name=score][value='5']").check()
    talk.chat.locate("#rating [type=submit]").click()
    expect(talk.chat.locate("#card h2")).to_have_text(talk.thanks)
    talk.expect_same()
