"""Files on the agents' desk: pasted, dropped, refused, and each conversation keeps its own."""

from playwright.sync_api import expect

from harness import files
from harness.clients import CustomerClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People
from tests.browser.test_files import DROP_FILE, NOTES, PASTE_PICTURE, chip, choose, payload, send


def test_files_can_be_pasted_and_dropped(people: People, served_customers: list[CustomerClient]) -> None:
    desk = people.agent("alice")
    desk.choose(served_customers[0].session_name)
    expect(desk.locate("#text")).to_be_focused()
    desk.page.evaluate(PASTE_PICTURE, [list(files.picture("PNG")), "image.png"])
    desk.page.evaluate(DROP_FILE, ["#messages", list(NOTES), "notes.txt"])
    expect(chip(desk, "image.png", "stored")).to_be_visible()
    expect(chip(desk, "notes.txt", "stored")).to_be_visible()
    expect(desk.locate(".is-drop")).to_have_count(0)
    send(desk)
    expect(desk.locate("#messages .picture")).to_have_count(1)
    expect(desk.locate("#messages .file")).to_contain_text("notes.txt")
    [message] = [each for each in served_customers[0].fetch()["messages"] if each["role"] == "agent"]
    assert [each["name"] for each in message["attachments"]] == ["image.png", "notes.txt"]


def test_a_refused_file_says_why_and_the_message_goes_without_it(
    people: People, served_customers: list[CustomerClient]
) -> None:
    desk = people.agent("alice", "zh-CN")
    desk.choose(served_customers[0].session_name)
    choose(desk, payload("tool.exe", b"MZ"), payload("picture.png", b"this is no picture"))
    expect(chip(desk, "tool.exe", "refused")).to_contain_text("不支持此类型")
    expect(chip(desk, "picture.png", "refused").get_by_role("alert")).not_to_be_empty()
    desk.locate("#text").fill("没有附件")
    send(desk)
    expect(desk.message("agent", "没有附件")).to_be_visible()
    expect(desk.locate("#messages .file, #messages .picture")).to_have_count(0)
    expect(chip(desk, "tool.exe", "refused")).to_be_visible()


def test_nothing_is_taken_where_nothing_can_be_written(people: People, customer: CustomerClient) -> None:
    expect_answer(202, customer.escalate())
    desk = people.agent("alice")
    desk.waiting(customer.session_name).locator(".row-link").click()
    expect(desk.locate("#takeover")).to_be_visible()
    desk.page.evaluate(DROP_FILE, ["#messages", list(NOTES), "notes.txt"])
    expect(desk.locate("#composer .chip")).to_have_count(0)


def test_each_conversation_keeps_its_files(people: People, served_customers: list[CustomerClient]) -> None:
    desk = people.agent("alice")
    desk.choose(served_customers[0].session_name)
    choose(desk, payload("notes.txt", NOTES))
    expect(chip(desk, "notes.txt", "stored")).to_be_visible()
    desk.choose(served_customers[1].session_name)
    expect(desk.locate("#composer .chip")).to_have_count(0)
    desk.choose(served_customers[0].session_name)
    expect(chip(desk, "notes.txt", "stored")).to_be_visible()
