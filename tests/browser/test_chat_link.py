"""The link of an e-mail, in a browser: it opens the conversation, beside the one that the browser has of its own."""

from playwright.sync_api import expect

from chatbot.mail.links import FRAGMENT, sign
from chatbot.models import ChatSession
from harness.clients import AgentClient, CustomerClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People
from tests.browser.pages import SESSION_KEY

ADDRESS = "wang@example.com"


def link_of(customer: CustomerClient) -> str:
    expect_answer(
        200, customer.http.patch(f"/api/sessions/{customer.session_name}", json={"customer": {"email": ADDRESS}})
    )
    return FRAGMENT + sign(ChatSession(name=customer.session_name, customer_email=ADDRESS))


def test_a_link_opens_the_conversation_where_one_can_write(
    people: People, customer: CustomerClient, alice: AgentClient
) -> None:
    expect_answer(202, customer.escalate())
    expect_answer(200, alice.take_over(customer.session_name))
    expect_answer(201, alice.reply(customer.session_name, "Your parcel is here."))
    chat = people.customer()
    chat.page.goto(f"{chat.url}/{link_of(customer)}")
    chat.page.reload()  # a change of the fragment alone loads nothing
    expect(chat.message("agent", "Your parcel is here.")).to_be_visible()
    assert FRAGMENT not in chat.page.url
    chat.write("Thank you")
    expect(chat.message("customer", "Thank you")).to_be_visible()
    chat.page.reload()
    expect(chat.message("customer", "Thank you")).to_be_visible()


def test_the_browsers_own_conversation_stays_in_its_other_tabs(people: People, customer: CustomerClient) -> None:
    chat = people.customer()
    chat.write("My own")
    expect(chat.message("customer", "My own")).to_be_visible()
    own = chat.page.evaluate(f"localStorage.getItem('{SESSION_KEY}')")
    expect_answer(201, customer.post("Written elsewhere"))
    linked = chat.context.new_page()
    linked.goto(f"{chat.url}/{link_of(customer)}")
    expect(linked.locator("#messages")).to_contain_text("Written elsewhere")
    assert linked.evaluate(f"localStorage.getItem('{SESSION_KEY}')") == own
    chat.page.reload()
    expect(chat.message("customer", "My own")).to_be_visible()


def test_a_link_that_is_not_valid_says_so(people: People) -> None:
    chat = people.customer()
    chat.page.goto(f"{chat.url}/{FRAGMENT}s-1~0:1:x")
    chat.page.reload()
    expect(chat.locate("#error")).to_contain_text("not valid any more")
