"""System lines speak to who reads them, in the language of that page."""

from playwright.sync_api import expect

from tests.browser.conftest import People


def test_one_event_is_told_to_each_reader_in_his_words(people: People) -> None:
    chat = people.customer("zh-CN")
    chat.write("我的包裹在哪里")
    chat.escalate()
    alice = people.agent("alice")
    alice.take_over(chat.session_name)
    expect(alice.locate("#messages .notice[data-notice=taken]")).to_contain_text("You took over.")
    expect(chat.locate("#messages .notice[data-notice=taken]")).to_contain_text("Alice 已加入会话。")
    alice.from_menu("requeue")
    expect(chat.locate("#messages .notice[data-notice=requeued]")).to_contain_text("Alice 已将会话转回队列")
    expect(alice.locate("#messages .notice[data-notice=requeued]")).to_contain_text("You handed the conversation back")
    bob = people.agent("bob")
    bob.waiting(chat.session_name).locator(".row-link").click()
    expect(bob.locate("#messages .notice[data-notice=taken]")).to_contain_text("Alice took over.")
