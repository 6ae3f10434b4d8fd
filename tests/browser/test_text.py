"""What somebody writes arrives as these characters."""

import json
import secrets

import redis
from playwright.sync_api import expect

from harness.clients import AgentClient
from harness.clients import expect as expect_answer
from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import ChatPage

TEXTS = [
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">",
    "&lt;b&gt; {{ 7 * 7 }} %(name)s ${x} \\u0041",
    "CR LF:\r\nLF:\nCR:\rend",
    "data: x\n\nevent: reset\ndata: {}",
    "👩‍👩‍👧‍👦 🇨🇳 你好 مرحبا",
    "line\u2028paragraph\u2029end\ufeff\u200b\u202e",
]


def post_as(chat: ChatPage, text: str) -> None:
    """Write in the name of the page's customer, without the page, whose composer would tidy the text."""
    answer = chat.context.request.post(
        f"{chat.url}/api/sessions/{chat.session_name}/messages",
        data={"content": text, "client_id": secrets.token_hex(8)},
    )
    assert answer.status == 201, answer.text()


def test_text_arrives_as_it_was_written(people: People, alice: AgentClient) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    titles = [page.page.title() for page in (chat, workbench)]
    for text in TEXTS:
        post_as(chat, text)
        expect_answer(201, alice.reply(chat.session_name, text))
    for page in (chat, workbench):
        page.expect_exactly(chat.fetch_messages)
        written = [(role, text) for role, text in page.shown() if role != "system"]
        assert written == [(role, text) for text in TEXTS for role in ("customer", "agent")]
        expect(page.locate("#messages").locator("script, img, b")).to_have_count(0)
    for each, title in zip((chat, workbench), titles, strict=True):
        expect(each.page).to_have_title(title)


def test_message_that_another_program_publishes_on_redis_reaches_the_open_page(
    people: People, product: Product
) -> None:
    chat = people.customer()
    chat.write("Hello")
    expect(chat.message("customer", "Hello")).to_be_visible()
    chat.expect_streaming()
    envelope = {
        "type": "new_message",
        "payload": {"role": "agent", "content": "From a <b>foreign</b> program", "agent": None},
        "timestamp": 1703246400,
        "source": "system",
    }
    with redis.Redis.from_url(product.valkey.url) as client:
        assert client.publish(f"sse:session:{chat.session_name}", json.dumps(envelope)) > 0
    expect(chat.message("agent", "From a <b>foreign</b> program")).to_be_visible()


def test_composer_sends_several_lines(people: People) -> None:
    chat = people.customer()
    chat.locate("#text").fill("first line")
    chat.locate("#text").press("Shift+Enter")
    chat.locate("#text").press_sequentially("second line")
    chat.locate("#text").press("Enter")
    expect(chat.message("customer", "second line")).to_be_visible()
    assert ("customer", "first line\nsecond line") in chat.fetch_messages()
