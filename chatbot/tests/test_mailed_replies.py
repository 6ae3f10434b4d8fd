"""Replies that a customer has not seen, whose page is closed, go to him by e-mail: once, all in one."""

import logging
import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from chatbot.conversations import presence
from chatbot.conversations.locking import lock_session
from chatbot.conversations.mailed import mailed_json
from chatbot.conversations.transcript import write
from chatbot.mail import ledger, sending
from chatbot.mail.links import FRAGMENT, linked_session
from chatbot.models import ChatSession, MailState, Message, PresenceHolder, ReplyMail, Role
from chatbot.tests.customer import make_session
from chatbot.tests.people import hand_over_to, make_agent
from harness.threads import run_at_once
from realtime.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)

MINUTES = 5


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.MAIL_AFTER_MINUTES = MINUTES
    settings.CHAT_URL = "https://chat.example.com/"


def begin(**fields: Any) -> ChatSession:
    """A live session of a customer who left an address."""
    make_agent("alice", "Alice")
    session = make_session(**{"customer_email": "wang@example.com", "token_digest": "t" * 64, **fields})
    hand_over_to(session.name, "alice")
    return session


def say(content: str, role: Role = Role.AGENT, name: str = "s-1") -> Message:
    with transaction.atomic():
        locked = lock_session(name)
        agent = make_agent("alice") if role == Role.AGENT else None
        sender = "agent:alice" if role == Role.AGENT else "customer"
        client_id = f"{role}-{Message.objects.count()}"
        return write(
            locked.session, role=role, sender=sender, content=content, client_id=client_id, now=locked.now, agent=agent
        )


def pass_minutes(minutes: float) -> None:
    """As if everything had happened so much earlier."""
    step = timedelta(minutes=minutes)
    Message.objects.update(created_at=F("created_at") - step)
    ReplyMail.objects.update(absent_since=F("absent_since") - step, next_try_at=F("next_try_at") - step)


def open_page() -> None:
    presence.hold("p-1")
    presence.change("p-1", came={"s-1"}, went=())


def close_page() -> None:
    presence.change("p-1", came=(), went={"s-1"})


async def looks(minutes: float) -> None:
    """A look now, and one when so much time has gone by."""
    await sending.look()
    await in_database(pass_minutes, minutes)
    await sending.look()


def letter() -> EmailMultiAlternatives:
    [found] = mail.outbox
    assert isinstance(found, EmailMultiAlternatives)
    return found


def state() -> str | None:
    said = mailed_json(ChatSession.objects.get())
    return said["state"] if said else None


class Refusing:
    """A mail server that refuses for a while; it names the address, as such servers do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses = True
        self.error: Exception = smtplib.SMTPRecipientsRefused({"wang@example.com": (550, b"no such user")})
        self._send = EmailMultiAlternatives.send
        monkeypatch.setattr(EmailMultiAlternatives, "send", lambda letter: self.send(letter))

    def send(self, letter: EmailMultiAlternatives) -> int:
        if self.refuses:
            raise self.error
        return self._send(letter)


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


async def test_a_refusal_is_tried_again_later_with_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Refusing(monkeypatch)
    await in_database(begin)
    await in_database(say, "Hello")
    await looks(MINUTES)
    assert await in_database(state) == MailState.DELAYED
    server.refuses = False
    await sending.look()
    assert mail.outbox == []  # not at once
    await in_database(pass_minutes, 1)
    await sending.look()
    last = await in_database(lambda: Message.objects.latest("id").pk)
    assert letter().extra_headers["Message-ID"] == f"<s-1.{last}@chat.example.com>"
    assert await in_database(state) == MailState.SENT


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected("timed out"), TimeoutError()])
async def test_what_the_server_may_have_is_not_sent_again(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """It took the letter, and its answer did not come: twice the same is worse."""
    server = Refusing(monkeypatch)
    server.error = error
    await in_database(begin)
    await in_database(say, "Hello")
    await looks(MINUTES)
    assert await in_database(state) == MailState.SENDING
    server.refuses = False
    await looks(600)
    assert mail.outbox == []


async def test_a_server_that_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(backend: EmailBackend) -> bool:
        raise ConnectionRefusedError

    await in_database(begin)
    await in_database(say, "Hello")
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", refuse)
        await looks(MINUTES)
    assert await in_database(state) == MailState.DELAYED
    await looks(1)
    assert letter().to == ["wang@example.com"]


async def test_who_has_come_back_begins_anew_with_what_is_written_next(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Refusing(monkeypatch)
    await in_database(begin)
    await in_database(say, "Hello")
    await looks(MINUTES)
    await in_database(open_page)
    await in_database(say, "And")
    await sending.look()
    server.refuses = False
    await in_database(close_page)
    await looks(MINUTES)
    assert await in_database(state) == MailState.SENT


async def test_in_the_end_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Refusing(monkeypatch)
    await in_database(begin)
    await in_database(say, "Hello")
    await looks(MINUTES)
    for pause in ledger.PAUSES:
        await in_database(pass_minutes, pause.total_seconds() / 60)
        await sending.look()
    assert await in_database(state) == MailState.FAILED
    server.refuses = False
    await looks(600)
    assert mail.outbox == []


async def test_the_log_names_the_session_and_neither_address_nor_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Refusing(monkeypatch)
    await in_database(begin)
    await in_database(say, "Hello")
    with caplog.at_level(logging.INFO):
        await looks(MINUTES)
    [record] = [record for record in caplog.records if record.name == sending.__name__]
    assert "session=s-1" in record.getMessage()
    assert "wang@example.com" not in caplog.text
    assert "Hello" not in caplog.text


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
