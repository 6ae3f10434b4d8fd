"""Replies that a customer has not seen, whose page is closed, go to him by e-mail: once, all in one."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from chatbot.mail import ledger, sending
from chatbot.mail.links import FRAGMENT, linked_session
from chatbot.models import ChatSession, MailState, PresenceHolder, ReplyMail, Role
from chatbot.tests.letters import (
    MINUTES,
    begin,
    close_page,
    letter,
    looks,
    open_page,
    pass_minutes,
    say,
    state,
)
from chatbot.tests.people import make_agent
from harness.threads import run_at_once
from realtime.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.MAIL_AFTER_MINUTES = MINUTES
    settings.CHAT_URL = "https://chat.example.com/"


async def test_what_he_has_not_seen_goes_in_one_letter() -> None:
    await in_database(begin)
    await in_database(say, "Your parcel is in Hamburg.")
    await in_database(say, "It arrives <tomorrow>.")
    await looks(MINUTES)
    assert letter().to == ["wang@example.com"]
    assert letter().subject == "Alice has replied to you"
    assert "Your parcel is in Hamburg." in letter().body
    assert "It arrives <tomorrow>." in letter().body
    assert "It arrives &lt;tomorrow&gt;." in str(letter().alternatives[0][0])
    assert await in_database(state) == MailState.SENT


async def test_its_link_leads_back() -> None:
    await in_database(begin)
    await in_database(say, "Hello")
    await looks(MINUTES)
    [line] = [line for line in letter().body.splitlines() if FRAGMENT in line]
    address, _, link = line.partition(FRAGMENT)
    assert address == "https://chat.example.com/"
    assert (await in_database(linked_session, link)).name == "s-1"
    assert line in str(letter().alternatives[0][0])


async def test_it_is_in_the_customers_language() -> None:
    await in_database(begin, language="zh-hans")
    await in_database(say, "你好")
    await looks(MINUTES)
    assert letter().subject == "Alice 回复了您"
    assert "您还没有看到以下回复" in letter().body


async def test_nothing_is_sent_twice() -> None:
    await in_database(begin)
    await in_database(say, "Parcel A")
    await looks(MINUTES)
    await looks(MINUTES)
    await in_database(say, "Parcel B")
    await looks(MINUTES)
    assert [("Parcel A" in each.body, "Parcel B" in each.body) for each in mail.outbox] == [
        (True, False),
        (False, True),
    ]


async def test_there_is_time_to_come_back() -> None:
    await in_database(begin)
    await in_database(say, "Hello")
    await looks(MINUTES - 1)
    assert mail.outbox == []


async def test_who_has_his_page_open_gets_none() -> None:
    await in_database(begin)
    await in_database(open_page)
    await in_database(say, "Hello")
    await looks(10 * MINUTES)
    assert mail.outbox == []


async def test_it_counts_from_when_the_page_was_closed() -> None:
    await in_database(begin)
    await in_database(say, "Hello")
    await sending.look()  # he is gone
    await in_database(open_page)
    await looks(10 * MINUTES)
    await in_database(close_page)
    await looks(MINUTES - 1)
    assert mail.outbox == []
    await in_database(pass_minutes, 1)
    await sending.look()
    assert len(mail.outbox) == 1


async def test_who_was_held_by_a_process_that_died_is_gone() -> None:
    await in_database(begin)
    await in_database(open_page)
    await in_database(say, "Hello")
    await in_database(lambda: PresenceHolder.objects.update(lease_until=Now() - timedelta(seconds=1)))
    await looks(MINUTES)
    assert len(mail.outbox) == 1


async def test_what_he_has_seen_or_answered_is_left_out() -> None:
    await in_database(begin)
    seen = await in_database(say, "Seen")
    await in_database(lambda: ChatSession.objects.update(customer_seen=seen.pk))
    await in_database(say, "Answered")
    await in_database(say, "Yes", Role.CUSTOMER)
    await looks(MINUTES)
    assert mail.outbox == []
    await in_database(say, "Not seen")
    await looks(MINUTES)
    assert "Answered" not in letter().body
    assert "Not seen" in letter().body


@pytest.mark.parametrize("role", [Role.BOT, Role.SYSTEM])
async def test_only_what_people_write_is_sent(role: Role) -> None:
    await in_database(begin)
    await in_database(say, "Hello", role)
    await looks(MINUTES)
    assert mail.outbox == []


async def test_without_an_address_there_is_none() -> None:
    await in_database(begin, customer_email="")
    await in_database(say, "Hello")
    await looks(MINUTES)
    assert mail.outbox == []
    assert not await in_database(ReplyMail.objects.exists)


async def test_what_is_older_than_a_day_is_not_sent() -> None:
    await in_database(begin)
    await in_database(say, "Hello")
    await looks(25 * 60)
    assert mail.outbox == []


@pytest.mark.parametrize("address", ["a@example.com\nBcc: all@example.com", "a@example.com, b@example.com", "nobody"])
async def test_what_is_no_address_gets_nothing(address: str) -> None:
    await in_database(begin, customer_email=address)
    await in_database(say, "Hello")
    await looks(MINUTES)
    await looks(MINUTES)
    assert mail.outbox == []
    assert await in_database(state) == MailState.FAILED
    await in_database(lambda: ChatSession.objects.update(customer_email="wang@example.com"))
    await looks(120)
    assert letter().to == ["wang@example.com"]


async def test_a_name_cannot_add_headers() -> None:
    await in_database(make_agent, "alice", "Alice\nBcc: all@example.com")
    await in_database(begin, customer_name="Wang\r\nBcc: all@example.com")
    await in_database(say, "Hello\nBcc: all@example.com")
    await looks(MINUTES)
    message = letter().message()
    assert (message["Bcc"], message["To"]) == (None, "wang@example.com")
    assert message["Subject"] == "Alice Bcc: all@example.com has replied to you"


async def test_what_a_process_began_that_died_is_not_sent_again() -> None:
    await in_database(begin)
    await in_database(say, "Parcel A")
    await sending.look()
    await in_database(pass_minutes, MINUTES)
    assert await in_database(ledger.claim, "s-1") is not None  # and dies
    await looks(600)
    assert mail.outbox == []
    assert await in_database(state) == MailState.SENDING
    await in_database(say, "A word more")
    await looks(MINUTES)
    assert "Parcel A" not in letter().body
    assert "A word more" in letter().body


def test_of_many_processes_one_sends() -> None:
    begin()
    say("Hello")
    ledger.note_presence(ledger.find_work())
    pass_minutes(MINUTES)
    claims = run_at_once(*[lambda: ledger.claim("s-1")] * 8)
    assert len([each for each in claims if each]) == 1


def test_who_comes_back_meanwhile_gets_none() -> None:
    begin()
    say("Hello")
    ledger.note_presence(ledger.find_work())
    pass_minutes(MINUTES)
    assert ledger.find_work().due == ["s-1"]
    open_page()
    assert ledger.claim("s-1") is None


def test_a_session_that_is_gone_is_left_out() -> None:
    assert ledger.claim("s-9") is None


def test_nothing_to_do_is_one_query_which_writes_nothing() -> None:
    begin()
    say("Hello")
    ledger.note_presence(ledger.find_work())
    with CaptureQueriesContext(connection) as capture:
        assert not ledger.find_work()
    assert [query["sql"][:6] for query in capture] == ["SELECT"]
