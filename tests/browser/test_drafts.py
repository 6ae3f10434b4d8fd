"""What a customer has written is there again in another tab of the browser, until it is sent."""

from playwright.sync_api import expect

from tests.browser.conftest import People


def test_a_draft_outlives_its_tab_until_it_is_sent(people: People) -> None:
    chat = people.customer()
    chat.locate("#text").fill("My parcel is")
    chat.page.close()
    chat.page = chat.context.new_page()
    chat.open()
    expect(chat.locate("#text")).to_have_value("My parcel is")
    chat.locate("#text").press("Enter")
    expect(chat.message("customer", "My parcel is")).to_be_visible()
    chat.page.reload()
    expect(chat.message("customer", "My parcel is")).to_be_visible()
    expect(chat.locate("#text")).to_have_value("")
