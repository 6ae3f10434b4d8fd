"""Redis is away: the pages say so, messages still cross between the services, and the pages say when it is over."""

from playwright.sync_api import expect

from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import SMALL

NOTICED_WITHIN_MS = 20_000


def test_messages_arrive_without_redis(people: People, product: Product) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    product.valkey.kill()
    chat.write("still there?")
    expect(workbench.message("customer", "still there?")).to_be_visible()
    workbench.write("yes, here")
    expect(chat.message("agent", "yes, here")).to_be_visible()
    chat.expect_exactly(chat.fetch_messages)
    workbench.expect_exactly(chat.fetch_messages)


def test_pages_say_that_redis_is_away_and_that_it_is_back(people: People, product: Product) -> None:
    workbench = people.agent("alice", size=SMALL)
    chat = people.customer()
    chat.write("Hello")
    expect(chat.message("customer", "Hello")).to_be_visible()
    product.valkey.kill()
    expect(chat.locate("#connection")).to_have_text(
        "Messages may take a little longer than usual.", timeout=NOTICED_WITHIN_MS
    )
    expect(chat.locate("#connection")).to_be_visible()
    expect(workbench.locate("#connection")).to_have_attribute("data-state", "degraded", timeout=NOTICED_WITHIN_MS)
    workbench.expect_readable_bar()
    product.valkey.start()
    expect(chat.locate("#connection")).to_be_hidden(timeout=NOTICED_WITHIN_MS)
    workbench.expect_live(NOTICED_WITHIN_MS / 1000)
