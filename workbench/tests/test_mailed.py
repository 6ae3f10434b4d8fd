"""The desk says what became of the last e-mail to a customer."""

from typing import Any

import pytest
from django.db.models.functions import Now

from chatbot.models import ChatSession, MailState, ReplyMail, Status
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


def mailed(**fields: Any) -> None:
    ReplyMail.objects.create(session=ChatSession.objects.get(), **fields)


async def said(alice: AgentClient) -> Any:
    return (await alice.read("/api/sessions/s-1"))[1]["mailed"]


@pytest.mark.parametrize("state", [MailState.SENDING, MailState.SENT, MailState.DELAYED, MailState.FAILED])
async def test_what_became_of_it_is_said(alice: AgentClient, state: MailState) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice", customer_email="wang@example.com")
    await in_database(mailed, state=state, at="2026-11-28T14:02:00Z")
    assert await said(alice) == {"state": state, "at": "2026-11-28T14:02:00Z"}


async def test_nothing_is_said_where_nothing_was_sent(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice", customer_email="wang@example.com")
    assert await said(alice) is None
    await in_database(mailed, absent_since=Now())
    assert await said(alice) is None
