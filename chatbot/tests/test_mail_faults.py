"""A mail server that refuses a letter, is away, or does not say whether it has it."""

import logging
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend

from chatbot.mail import ledger, sending
from chatbot.models import MailState, Message
from chatbot.tests.letters import MINUTES, begin, close_page, letter, looks, open_page, pass_minutes, say, state
from realtime.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.MAIL_AFTER_MINUTES = MINUTES
    settings.CHAT_URL = "https://chat.example.com/"


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
