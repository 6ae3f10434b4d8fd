"""How a conversation ends for the customer: ended, rated, kept, and how one is reached who cannot wait."""

from pathlib import Path

from playwright.sync_api import expect

from harness.clients import AgentClient
from harness.clients import expect as expect_answer
from tests.browser.conftest import People
from tests.browser.pages import ChatPage


def closed_by(alice: AgentClient, people: People) -> ChatPage:
    """The page of a customer whose conversation alice has had, and has just closed."""
    chat = people.customer()
    chat.escalate()
    expect_answer(200, alice.take_over(chat.session_name))
    chat.expect_status("manual_live")
    expect_answer(201, alice.reply(chat.session_name, "Solved."))
    expect_answer(200, alice.call(chat.session_name, "close"))
    expect(chat.locate("#rating")).to_be_visible()
    return chat


def test_a_rating_is_asked_once_also_after_a_reload(people: People, alice: AgentClient) -> None:
    chat = closed_by(alice, people)
    chat.page.reload()
    expect(chat.locate("#rating h2")).to_have_text("How did Alice do?")
    chat.locate("[name=score][value='4']").check()
    chat.locate("#rating textarea").fill("Quick.")
    chat.locate("#rating [type=submit]").click()
    expect(chat.locate("#card h2")).to_have_text("Thank you for your rating.")
    assert chat.fetch()["ratable"] is False
    chat.page.reload()
    expect(chat.locate("#card h2")).to_have_text("Anything else?")


def test_who_does_not_want_to_rate_is_not_asked_again(people: People, alice: AgentClient) -> None:
    chat = closed_by(alice, people)
    chat.locate("#not-now").click()
    expect(chat.locate("#card h2")).to_have_text("Anything else?")
    expect(chat.locate("#text")).to_be_focused()
    chat.page.reload()
    expect(chat.locate("#card h2")).to_have_text("Anything else?")


def test_a_rating_that_is_no_longer_possible_goes_away(people: People, alice: AgentClient) -> None:
    chat = closed_by(alice, people)
    path = f"{chat.url}/api/sessions/{chat.session_name}/rating"
    assert chat.context.request.post(path, data={"score": 5}).ok  # another tab was faster
    chat.locate("[name=score][value='1']").check()
    chat.locate("#rating [type=submit]").click()
    expect(chat.locate("#rating")).to_have_count(0)
    expect(chat.locate("#error")).to_be_hidden()


def test_the_customer_ends_the_conversation_and_writing_reopens_it(people: People) -> None:
    chat = people.customer()
    chat.write("What are your opening hours?")
    expect(chat.message("bot", "Monday to Friday")).to_be_visible()
    chat.open_menu()
    chat.locate("#end").click()
    chat.expect_status("closed")
    expect(chat.locate("#card")).to_contain_text("Write a message and our assistant answers again.")
    assert chat.fetch()["status"] == "closed"
    chat.write("What are your opening hours?")
    chat.expect_status("bot_active")
    expect(chat.locate("#card h2")).to_have_count(0)


def test_an_address_is_left_while_waiting_and_can_be_changed(people: People) -> None:
    chat = people.customer()
    chat.escalate()
    chat.locate("#card summary").click()
    chat.locate("#email").fill("ann@example.com")
    chat.locate("#email-form [type=submit]").click()
    expect(chat.locate("#card")).to_contain_text("We can reach you at ann@example.com.")
    assert chat.fetch()["customer"]["email"] == "ann@example.com"
    chat.page.reload()
    chat.locate("#email-change").click()
    expect(chat.locate("#email")).to_have_value("ann@example.com")


def test_the_transcript_is_a_file(people: People, tmp_path: Path) -> None:
    chat = people.customer()
    chat.write("What are your opening hours?")
    expect(chat.message("bot", "Monday to Friday")).to_be_visible()
    chat.open_menu()
    with chat.page.expect_download() as download:
        chat.locate("#transcript").click()
    download.value.save_as(tmp_path / "transcript.txt")
    assert "What are your opening hours?" in (tmp_path / "transcript.txt").read_text()


def test_the_sound_is_chosen_and_kept(people: People) -> None:
    chat = people.customer()
    chat.open_menu()
    expect(chat.locate("#sound")).to_have_attribute("aria-pressed", "false")
    chat.locate("#sound").click()
    expect(chat.locate("#sound")).to_have_attribute("aria-pressed", "true")
    chat.page.reload()
    chat.open_menu()
    expect(chat.locate("#sound")).to_have_attribute("aria-pressed", "true")
