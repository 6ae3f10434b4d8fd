"""Files from both pages: chosen, dropped or pasted, sent with a message, refused, stopped, and not lost by a reload."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Route, expect

from harness import files
from tests.browser.conftest import People
from tests.browser.pages import NARROW, WIDE, ConversationPage
from tests.browser.test_accessible import LOCALES, expect_nothing

NOTES = b"Ordered on Monday.\n"
PASTE_PICTURE = """([bytes, name]) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/png" }));
    const box = document.getElementById("text");
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }));
}"""
DROP_FILE = """([place, bytes, name]) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(bytes)], name));
    const target = document.querySelector(place);
    for (const type of ["dragenter", "dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true }));
    }
}"""


def payload(name: str, content: bytes, kind: str = "application/octet-stream") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def choose(page: ConversationPage, *chosen: FilePayload) -> None:
    page.locate("#composer input[type=file]").set_input_files(list(chosen))


def chip(page: ConversationPage, name: str, state: str) -> Locator:
    return page.locate(f"#composer .chip[data-state={state}]").filter(has_text=name)


def send(page: ConversationPage) -> None:
    page.locate("#composer .send").click()
    expect(page.locate("#messages .pending")).to_have_count(0)


def download(page: ConversationPage, name: str) -> bytes:
    with page.page.expect_download() as started:
        page.locate("#messages .file").filter(has_text=name).click()
    assert started.value.suggested_filename == name
    return Path(started.value.path()).read_bytes()


def test_files_go_both_ways(people: People, screenshots: Path) -> None:
    chat = people.customer()
    choose(chat, payload("crack.png", files.picture("PNG")), payload("notes.txt", NOTES))  # makes the session
    expect(chat.locate("#composer .chip[data-state=stored]")).to_have_count(2)
    chat.shoot(screenshots, "tray")
    send(chat)
    expect(chat.locate("#messages .picture img")).to_be_visible()
    expect(chat.locate("#composer .chip")).to_have_count(0)
    chat.escalate()
    workbench = people.agent("alice")
    workbench.take_over(chat.session_name)
    expect(workbench.locate("#messages .picture img")).to_have_js_property("complete", True)
    assert download(workbench, "notes.txt") == NOTES
    choose(workbench, payload("label.pdf", files.pdf()))
    expect(chip(workbench, "label.pdf", "stored")).to_be_visible()
    workbench.locate("#text").fill("Print this label.")
    workbench.shoot(screenshots, "desk")
    send(workbench)
    expect(chat.message("agent", "Print this label.")).to_be_visible()
    expect(workbench.mine(chat.session_name)).to_contain_text("Print this label. \N{PAPERCLIP} label.pdf")
    assert download(chat, "label.pdf") == files.pdf()


def test_wrong_types_and_sizes_are_said_before_they_are_sent(people: People) -> None:
    chat = people.customer("zh-CN")
    posted: list[str] = []
    people.use_up(chat)
    chat.page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    chat.page.evaluate("() => { window.big = new File([new Uint8Array(21 * 1024 * 1024)], 'big.pdf'); }")
    choose(chat, payload("tool.exe", b"MZ"))
    expect(chip(chat, "tool.exe", "refused")).to_contain_text("不支持此类型")
    chat.page.evaluate("""() => {
        const files = new DataTransfer();
        files.items.add(window.big);
        document.querySelector(".chat").dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true }));
    }""")
    expect(chip(chat, "big.pdf", "refused")).to_contain_text("文件过大")
    expect(chat.locate("#composer .send")).to_be_disabled()
    assert posted == []


def test_a_disguised_file_is_refused_in_its_chip_and_the_message_goes_without_it(people: People) -> None:
    chat = people.customer()
    choose(chat, payload("picture.png", b"this is no picture"), payload("notes.txt", NOTES))
    expect(chip(chat, "picture.png", "refused").get_by_role("alert")).not_to_be_empty()
    expect(chip(chat, "notes.txt", "stored")).to_be_visible()
    send(chat)
    expect(chat.locate("#messages .file")).to_have_text("TXTnotes.txtTXT · 1 kB")
    expect(chip(chat, "picture.png", "refused")).to_be_visible()
    chat.page.get_by_role("button", name="Remove picture.png").click()
    expect(chat.locate("#composer .chip")).to_have_count(0)
    expect(chat.locate("#text")).to_be_focused()


def test_an_upload_can_be_stopped_and_the_message_waits_for_it(people: People) -> None:
    chat = people.customer()
    held: list[Route] = []
    chat.page.route("**/attachments", lambda route: held.append(route))
    choose(chat, payload("notes.txt", NOTES))
    expect(chip(chat, "notes.txt", "sending")).to_be_visible()
    chat.locate("#text").fill("Here it is")
    expect(chat.locate("#composer .send")).to_be_disabled()
    chat.page.get_by_role("button", name="Stop uploading notes.txt").click()
    expect(chat.locate("#composer .chip")).to_have_count(0)
    send(chat)
    expect(chat.message("customer", "Here it is")).to_be_visible()
    expect(chat.locate("#messages .file")).to_have_count(0)


def test_an_upload_that_did_not_get_through_can_be_tried_again(people: People) -> None:
    chat = people.customer()
    chat.page.route("**/attachments", lambda route: route.abort(), times=1)
    choose(chat, payload("notes.txt", NOTES))
    expect(chip(chat, "notes.txt", "failed")).to_contain_text("cannot be reached")
    chat.page.get_by_role("button", name="Retry notes.txt").click()
    expect(chip(chat, "notes.txt", "stored")).to_be_visible()
    expect(chat.page.get_by_role("button", name="Remove notes.txt")).to_be_focused()


def test_files_can_be_pasted_and_dropped(people: People) -> None:
    chat = people.customer()
    chat.page.evaluate(PASTE_PICTURE, [list(files.picture("PNG")), "image.png"])
    chat.page.evaluate(DROP_FILE, [".scroller", list(NOTES), "notes.txt"])
    expect(chip(chat, "image.png", "stored")).to_be_visible()
    expect(chip(chat, "notes.txt", "stored")).to_be_visible()
    expect(chat.locate(".is-drop")).to_have_count(0)
    chat.locate("#text").fill("Both")
    send(chat)
    expect(chat.locate("#messages .picture")).to_have_count(1)
    expect(chat.locate("#messages .file")).to_have_count(1)


def test_a_queued_message_keeps_its_files_over_a_reload(people: People) -> None:
    chat = people.customer()
    choose(chat, payload("notes.txt", NOTES))
    expect(chip(chat, "notes.txt", "stored")).to_be_visible()

    def lose(route: Route) -> None:
        route.abort() if route.request.method == "POST" else route.continue_()

    chat.page.route("**/messages", lose)
    chat.locate("#composer .send").click()
    expect(chat.locate("#messages .pending .file")).to_contain_text("notes.txt")
    expect(chat.locate("#messages .pending")).to_contain_text("Waiting to send")
    chat.page.reload()
    expect(chat.locate("#messages .pending .file")).to_contain_text("notes.txt")
    chat.page.unroute("**/messages")
    expect(chat.locate("#messages .message.by-customer:has(.foot[data-state=stored]) .file")).to_contain_text(
        "notes.txt"
    )
    attached: list[Any] = [each["attachments"] for each in chat.fetch()["messages"] if each["role"] == "customer"]
    assert [[file["name"] for file in each] for each in attached] == [["notes.txt"]]


def test_files_of_a_message_that_is_taken_back_are_in_the_tray_again(people: People) -> None:
    chat = people.customer()
    choose(chat, payload("notes.txt", NOTES))
    expect(chip(chat, "notes.txt", "stored")).to_be_visible()
    chat.page.route("**/messages", lambda route: route.abort())
    chat.locate("#composer .send").click()
    chat.page.get_by_role("button", name="Take back").click()
    expect(chip(chat, "notes.txt", "stored")).to_be_visible()
    expect(chat.locate("#composer .send")).to_be_enabled()


@pytest.mark.parametrize(("locale", "size"), [*zip(LOCALES, (WIDE, NARROW), strict=True)])
def test_nothing_is_found_in_the_tray(people: People, locale: str, size: tuple[int, int], screenshots: Path) -> None:
    chat = people.customer(locale, size)
    held: list[Route] = []
    choose(chat, payload("a.txt", NOTES), payload("b.exe", b"MZ"))
    expect(chip(chat, "a.txt", "stored")).to_be_visible()
    chat.page.route("**/attachments", lambda route: route.abort(), times=1)
    choose(chat, payload("c.txt", NOTES))
    expect(chip(chat, "c.txt", "failed")).to_be_visible()
    chat.page.route("**/attachments", lambda route: held.append(route))
    choose(chat, payload("d.txt", NOTES))
    expect(chip(chat, "d.txt", "sending")).to_be_visible()
    expect_nothing(chat.page)
    chat.shoot(screenshots, "tray")
