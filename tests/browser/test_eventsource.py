"""Chromium's own EventSource, without our script around it, goes on from its position."""

from playwright.sync_api import Page

from harness.clients import AgentClient, CustomerClient
from harness.services import Product
from tests.browser.conftest import People
from tests.resuming import Received, check_client

PAGE_PROGRAM = """\
(url) => {
  window.received = [];
  const source = new EventSource(url);
  const note = ({ type, data }) => window.received.push([type, JSON.parse(data).payload.content ?? ""]);
  for (const type of ["stream-open", "new_message", "reset"]) source.addEventListener(type, note);
}
"""


class Chromium:
    """In a page of the chatbot."""

    def __init__(self, page: Page, customer: CustomerClient) -> None:
        self._page = page
        page.evaluate(PAGE_PROGRAM, f"{customer.path}/events")

    def received(self) -> Received:
        return [(type, content) for type, content in self._page.evaluate("() => window.received")]


def test_it_resumes(
    product: Product, people: People, alice: AgentClient, served_customers: list[CustomerClient]
) -> None:
    customer = served_customers[0]
    chat = people.customer()
    chat.context.add_cookies(
        [{"name": name, "value": value, "url": chat.url} for name, value in customer.http.cookies.items()]
    )
    check_client(Chromium(chat.page, customer), product, customer, alice)
