"""The agent sees whether the customer is still there, and who they are as soon as they say so."""

from playwright.sync_api import expect

from tests.browser.conftest import People

SETTLED_WITHIN_MS = 60_000  # a page that is only loaded anew is not gone: 5 s, and what the machine takes


def test_who_closes_the_page_is_not_here_and_who_comes_back_is(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    presence = workbench.locate("#open-presence")
    expect(presence).to_have_text("Here now", timeout=SETTLED_WITHIN_MS)
    chat.page.goto("about:blank")
    expect(presence).to_have_text("Not here now", timeout=SETTLED_WITHIN_MS)
    chat.open()
    expect(presence).to_have_text("Here now", timeout=SETTLED_WITHIN_MS)


def test_a_name_that_a_customer_leaves_is_shown_at_once(people: People) -> None:
    workbench = people.agent("alice")
    chat = people.customer()
    chat.escalate()
    workbench.take_over(chat.session_name)
    customer = {"name": "Ann Example", "email": "ann@example.com"}
    path = f"{chat.url}/api/sessions/{chat.session_name}"
    assert chat.context.request.patch(path, data={"customer": customer}).ok
    expect(workbench.locate("#open-name")).to_have_text("Ann Example")
    expect(workbench.mine(chat.session_name)).to_contain_text("Ann Example")
    expect(workbench.locate("#details")).to_contain_text("ann@example.com")
