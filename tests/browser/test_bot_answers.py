"""An answer of the bot is seen while it is made, and each way in which it can go ends in a visible state."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import expect

from harness.bots.completions import calls, end, says, words
from harness.bots.server import STALL, Answer, Hold, StubBot, in_background
from harness.clients import AgentClient
from harness.clients import expect as expect_answer
from harness.programs import wait_until
from harness.services import Product
from tests.browser.conftest import People
from tests.browser.pages import NARROW, PATIENCE_SECONDS, ChatPage, Gate
from tests.browser.test_accessible import expect_nothing

BEGINNING = ("We are open ", "on weekdays ", "from 9 to 18 [1].")
REST = (" See https://example.com/hours ", "for holidays.")
UNCLEAR = "something about coupons, invoices and warranties"  # known are questions about each, none about most of it
ADD_ENGINE = """INSERT INTO chatbot_botengine
    (name, kind, base_url, model, key_variable, marker, sends_knowledge, first_token_seconds, total_seconds)
    VALUES ('stub', 'openai', ?, 'stub', '', '', 1, ?, 60)"""


@pytest.fixture
def model(product: Product) -> Iterator[StubBot]:
    """A language model that answers the default team's customers, and does what a test has told it to."""
    with in_background(StubBot(lambda _request: says(*BEGINNING, *REST))) as bot:
        choose_engine(product, bot, first_words_within_seconds=round(PATIENCE_SECONDS))
        yield bot
        change(product, "UPDATE chatbot_team SET engine_id = NULL", "DELETE FROM chatbot_botengine")


def ask_and_read_the_beginning(people: People, model: StubBot) -> ChatPage:
    """A customer who sees how an answer begins, of which the model says no more."""
    model.plans.append(Answer([*words(*BEGINNING), STALL]))
    chat = people.customer()
    chat.write("What are your opening hours?")
    expect(chat.locate(".message.growing .bubble")).to_have_text("".join(BEGINNING))
    return chat


def is_put_aside(product: Product) -> bool:
    """Whether who made the answer has heard that nobody wants it now: he looks twice a second."""
    with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database:
        return database.execute("SELECT fragments FROM chatbot_botturn").fetchall() == [(1,)]


def choose_engine(product: Product, bot: StubBot, first_words_within_seconds: int) -> None:
    with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database:
        added = database.execute(ADD_ENGINE, [f"{bot.url}/v1", first_words_within_seconds])
        database.execute("UPDATE chatbot_team SET engine_id = ? WHERE is_default", [added.lastrowid])
        database.commit()


def change(product: Product, *statements: str) -> None:
    with closing(sqlite3.connect(product.database, timeout=PATIENCE_SECONDS)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_an_answer_is_the_same_to_the_byte_for_who_reloads_and_on_a_second_device(
    people: People, model: StubBot
) -> None:
    hold = Hold()
    model.plans.append(Answer([*words(*BEGINNING), hold, *words(*REST)[1:], *end()]))
    chat = people.customer(size=NARROW)
    chat.write("What are your opening hours?")
    bubble = chat.locate(".message.growing .bubble")
    expect(bubble).to_have_text("".join(BEGINNING))
    expect(chat.locate(".message.growing")).to_have_attribute("aria-busy", "true")
    expect(chat.locate("#escalate")).to_be_in_viewport()
    expect_nothing(chat.page)
    chat.page.reload()
    expect(bubble).to_have_text("".join(BEGINNING))
    second = people.second_device(chat)
    expect(second.locate(".message.growing .bubble")).to_have_text("".join(BEGINNING))
    second.page.evaluate(SELECT_WORDS)
    hold.release()
    for page in (chat, second):
        page.expect_exactly(chat.fetch_messages)
        expect(page.locate(".message.growing")).to_have_count(0)
    assert chat.shown()[-1] == ("bot", "".join(BEGINNING + REST))
    expect(second.locate(".message.by-bot .bubble a")).to_have_attribute("href", "https://example.com/hours")
    expect(second.locate("#finished")).to_have_text("".join(BEGINNING + REST))
    assert second.page.evaluate("getSelection().toString()") == "We are open"
    expect(chat.locate(".sources")).to_contain_text("[1]")


def test_pieces_that_came_while_the_page_was_away_are_there_with_the_next_one(people: People, model: StubBot) -> None:
    holds = [Hold(), Hold(), Hold()]
    parts = [BEGINNING[:1], BEGINNING[1:], REST, ()]
    steps = [step for part, hold in zip(parts, [*holds, None], strict=True) for step in (*words(*part)[1:], hold)]
    model.plans.append(Answer([*words(), *(step for step in steps if step), *end()]))
    chat = people.customer()
    chat.write("What are your opening hours?")
    bubble = chat.locate(".message.growing .bubble")
    expect(bubble).to_have_text(BEGINNING[0])
    second = people.second_device(chat)
    chat.context.set_offline(True)
    chat.expect_reconnecting()
    holds[0].release()
    expect(second.locate(".message.growing .bubble")).to_have_text("".join(BEGINNING))
    chat.context.set_offline(False)
    chat.expect_live()
    holds[1].release()
    expect(bubble).to_have_text("".join(BEGINNING + REST))
    holds[2].release()
    for page in (chat, second):
        page.expect_exactly(chat.fetch_messages)


SELECT_WORDS = """() => {
    const words = document.querySelector(".growing .bubble").firstChild;
    getSelection().setBaseAndExtent(words, 0, words, 11);
}"""


def test_who_found_an_answer_helpful_says_so_once_for_all_reloads(people: People, model: StubBot) -> None:
    chat = people.customer()
    chat.write("What are your opening hours?")
    helpful = chat.locate(".thumb").first
    helpful.click()
    expect(chat.locate(".thanks")).not_to_be_empty()
    with chat.page.expect_response("**/api/sessions/s-*"):
        chat.page.reload()
    expect(helpful).to_have_attribute("aria-pressed", "true")
    expect(chat.locate(".thumb").last).to_have_attribute("aria-pressed", "false")


def test_who_gives_up_waiting_for_people_gets_the_answer_that_was_being_made(
    people: People, model: StubBot, product: Product
) -> None:
    chat = ask_and_read_the_beginning(people, model)
    chat.escalate()
    expect(chat.locate(".message.growing")).to_have_count(0)
    wait_until("the question is put aside", lambda: is_put_aside(product), PATIENCE_SECONDS)
    chat.locate("#cancel").click()
    chat.expect_status("bot_active")
    expect(chat.message("bot", "".join(BEGINNING + REST))).to_be_visible()
    chat.expect_exactly(chat.fetch_messages)


def test_of_two_tabs_that_say_at_once_what_an_answer_was_worth_both_show_what_counts(
    people: People, model: StubBot
) -> None:
    chat = people.customer()
    chat.write("What are your opening hours?")
    expect(chat.locate(".thumb")).to_have_count(2)
    second = ChatPage(chat.context, chat.url)
    second.open()
    gates = [Gate(tab.page, "**/feedback") for tab in (chat, second)]
    chat.locate(".thumb").first.click()
    second.locate(".thumb").last.click()
    for gate in gates:
        gate.wait_for_one()
    gates[1].open()
    wait_until("what the second tab said is stored", lambda: helpful_of(chat) is False, PATIENCE_SECONDS)
    gates[0].open()
    for tab in (chat, second):
        expect(tab.locate(".thumb").last).to_have_attribute("aria-pressed", "false")
        expect(tab.locate(".thumb").first).to_have_attribute("aria-pressed", "true")
    assert helpful_of(chat) is True


def helpful_of(chat: ChatPage) -> bool | None:
    helpful: bool | None = chat.fetch()["messages"][-1]["helpful"]
    return helpful


def test_an_answer_that_is_stopped_stays_as_it_was_shown(people: People, model: StubBot) -> None:
    chat = ask_and_read_the_beginning(people, model)
    chat.locate("#stop").click()
    expect(chat.locate(".ending")).to_have_text("Stopped")
    expect(chat.locate("#stop")).to_have_count(0)
    chat.expect_exactly(chat.fetch_messages)
    assert chat.shown()[-1] == ("bot", "".join(BEGINNING))


def test_where_the_model_stalls_its_words_stay_and_the_bot_that_is_built_in_answers(
    people: People, product: Product, model: StubBot
) -> None:
    change(product, "UPDATE chatbot_botengine SET first_token_seconds = 1")
    model.plans.append(Answer([*words(*BEGINNING), STALL]))
    chat = people.customer()
    chat.write("What are your opening hours?")
    expect(chat.locate(".ending")).to_contain_text("Interrupted")
    expect(chat.message("bot", "Monday to Friday")).to_be_visible()
    expect(chat.locate(".typing")).to_have_count(0)
    chat.expect_exactly(chat.fetch_messages)
    assert [text for _, text in chat.shown()][1] == "".join(BEGINNING)


def test_of_two_questions_in_a_row_the_second_is_seen_to_be_answered_too(people: People, model: StubBot) -> None:
    holds = [Hold(), Hold()]
    model.plans += [Answer([*words(*BEGINNING), holds[0], *end()]), Answer([holds[1], *words(*REST), *end()])]
    chat = people.customer()
    chat.write("What are your opening hours?")
    expect(chat.locate(".message.growing")).to_be_visible()
    chat.write("And on holidays?")
    expect(chat.locate(".message.by-customer[data-id]")).to_have_count(2)
    holds[0].release()
    expect(chat.locate(".message.by-bot[data-id]")).to_have_count(1)
    expect(chat.locate(".typing")).to_be_visible()
    expect(chat.locate("#stop")).to_be_visible()
    holds[1].release()
    expect(chat.message("bot", "for holidays.")).to_be_visible()
    expect(chat.locate(".typing")).to_have_count(0)
    chat.expect_exactly(chat.fetch_messages)


def test_an_answer_ends_when_people_take_over(people: People, alice: AgentClient, model: StubBot) -> None:
    chat = ask_and_read_the_beginning(people, model)
    chat.escalate()
    expect(chat.locate(".message.growing")).to_have_count(0)
    expect(chat.locate("#stop")).to_have_count(0)
    expect_answer(200, alice.take_over(chat.session_name))
    expect(chat.locate("h1")).to_have_text("Alice")
    chat.expect_exactly(chat.fetch_messages)


def test_who_comes_back_to_a_closed_conversation_is_answered_and_not_handed_over_again(
    people: People, alice: AgentClient, model: StubBot
) -> None:
    model.plans.append(calls("talk_to_a_human", '{"reason": "His parcel came broken."}'))
    chat = people.customer()
    chat.write("My parcel came broken")
    chat.expect_status("pending_manual")
    expect_answer(200, alice.take_over(chat.session_name))
    expect_answer(200, alice.call(chat.session_name, "close"))
    chat.expect_status("closed")
    chat.write("What are your opening hours?")
    chat.expect_status("bot_active")
    expect(chat.message("bot", "from 9 to 18")).to_be_visible()
    expect(chat.locate("#escalate")).to_be_visible()
    chat.expect_status("bot_active")


def test_did_you_mean_asks_what_was_pressed_and_is_over_then(people: People) -> None:
    chat = people.customer()
    chat.write(UNCLEAR)
    buttons = chat.locate(".suggestions button")
    asked = buttons.first.text_content() or ""
    buttons.first.click()
    expect(chat.message("customer", asked)).to_be_visible()
    expect(chat.locate(".thumb").first).to_be_visible()
    expect(buttons.first).to_be_disabled()
    expect_nothing(chat.page)
    chat.expect_exactly(chat.fetch_messages)


def test_who_was_not_understood_twice_gets_a_human_by_the_button_in_the_bubble(people: People) -> None:
    chat = people.customer()
    for number, nonsense in enumerate(("qwxz vbnk plmt", "zzkr wwvt qqpl")):
        chat.write(nonsense)
        expect(chat.locate("#messages .message.by-bot[data-id]")).to_have_count(number + 1)
    button = chat.locate(".message.by-bot .to-human").last
    button.click()
    chat.expect_status("pending_manual")
    expect(button).to_be_disabled()
    expect(chat.locate(".card.person")).to_be_visible()
