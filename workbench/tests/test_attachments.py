"""Agents send files to the conversations that they have, and read those of all that they may read."""

from typing import Any

import pytest
from django.test import AsyncClient

from chatbot.models import Attachment, ChatSession, Message, Role, Status
from chatbot.tests.customer import error_code
from harness import files
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session

PDF = files.pdf()


async def status_of(client: Any, address: str) -> int:
    """Of an answer that is read to its end."""
    response = await client.get(address)
    if response.streaming:
        async for _ in response:
            pass
    return int(response.status_code)


@pytest.fixture
async def session(alice: AgentClient) -> str:
    """A session that is with alice."""
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "alice")
    return "s-1"


async def test_agents_message_takes_his_file(alice: AgentClient, session: str) -> None:
    said = await alice.attach(session, "bill.pdf", PDF)
    status, message = await alice.act(session, "messages", {"client_id": "a-1", "attachments": [said["id"]]})
    assert (status, message["attachments"], message["content"]) == (201, [said], "")
    _, detail = await alice.read(f"/api/sessions/{session}")
    assert detail["messages"] == [message]
    assert detail["last_message"] == "\N{PAPERCLIP} bill.pdf"


@pytest.mark.parametrize(
    ("status", "assignee", "code"),
    [
        (Status.MANUAL_LIVE, "bob", "NOT_ASSIGNEE"),
        (Status.PENDING_MANUAL, "", "INVALID_STATUS"),
        (Status.CLOSED, "", "INVALID_STATUS"),
    ],
)
async def test_only_who_has_the_conversation_sends_files(
    alice: AgentClient, status: Status, assignee: str, code: str
) -> None:
    await in_database(add_session, "s-1", status, assignee)
    assert error_code(await alice.upload("s-1", "bill.pdf", PDF)) == code
    assert not await in_database(Attachment.objects.exists)


async def test_session_that_does_not_exist_takes_no_file(alice: AgentClient) -> None:
    assert error_code(await alice.upload("s-none", "bill.pdf", PDF)) == "NOT_FOUND"


async def test_who_is_not_logged_in_sends_and_reads_nothing(alice: AgentClient, session: str) -> None:
    said = await alice.attach(session, "bill.pdf", PDF)
    nobody = AgentClient(AsyncClient(), alice.agent)
    assert error_code(await nobody.upload(session, "bill.pdf", PDF)) == "UNAUTHENTICATED"
    assert error_code(await nobody.get(said["url"])) == "UNAUTHENTICATED"


async def test_customers_file_is_no_agents(alice: AgentClient, session: str) -> None:
    said = await alice.attach(session, "bill.pdf", PDF)
    await in_database(Attachment.objects.update, role=Role.CUSTOMER)
    status, answer = await alice.act(session, "messages", {"client_id": "a-1", "attachments": [said["id"]]})
    assert (status, answer["error"]["code"]) == (404, "ATTACHMENT_NOT_FOUND")
    assert not await in_database(Message.objects.exists)
    assert await status_of(alice, said["url"]) == 404  # until the customer has sent it


async def test_file_is_read_by_who_may_read_the_session(
    alice: AgentClient, bob: AgentClient, carol: AgentClient, session: str
) -> None:
    said = await alice.attach(session, "bill.pdf", PDF)
    await alice.act(session, "messages", {"client_id": "a-1", "attachments": [said["id"]]})
    assert [await status_of(each, said["url"]) for each in (alice, bob, carol)] == [200, 404, 200]
    await in_database(ChatSession.objects.update, status=Status.CLOSED, assignee=None)
    assert await status_of(bob, said["url"]) == 200
