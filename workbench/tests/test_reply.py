"""An agent's words reach the customer once, from the agent who is logged in."""

import pytest

from chatbot.models import Message, Status
from chatbot.tests.customer import error_code
from chatbot.tests.logged import logged
from realtime import groups
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


def add_alices_session() -> None:
    add_session(status=Status.MANUAL_LIVE, assignee="alice")


async def test_a_reply_is_the_agents_message(alice: AgentClient) -> None:
    await in_database(add_alices_session)
    status, message = await alice.reply("s-1", "<b>hello</b>")
    assert status == 201
    assert (message["role"], message["content"], message["client_id"]) == ("agent", "<b>hello</b>", "a-1")
    assert message["agent"] == {"id": "alice", "name": "Alice"}


async def test_customer_and_agents_other_tabs_hear_of_it(alice: AgentClient) -> None:
    await in_database(add_alices_session)
    _, message = await alice.reply("s-1", "hello")
    for channel in (groups.session("s-1"), groups.agent("alice")):
        (event,) = await in_database(logged, channel)
        assert (event["type"], event["source"], event["payload"]) == ("new_message", "agent_workbench", message)


async def test_a_repeat_gets_the_first_message(alice: AgentClient) -> None:
    await in_database(add_alices_session)
    _, first = await alice.reply("s-1", "hello")
    assert await alice.reply("s-1", "other words") == (200, first)
    assert await in_database(Message.objects.count) == 1


async def test_a_repeat_after_the_release_is_still_a_repeat(alice: AgentClient) -> None:
    await in_database(add_alices_session)
    _, first = await alice.reply("s-1", "hello")
    await alice.act("s-1", "release")
    assert await alice.reply("s-1", "hello") == (200, first)


async def test_agents_do_not_share_client_ids(alice: AgentClient, carol: AgentClient) -> None:
    await in_database(add_alices_session)
    await alice.reply("s-1", "hello")
    await carol.act("s-1", "takeover", {"force": True})
    assert (await carol.reply("s-1", "hello"))[0] == 201


async def test_the_sender_is_not_a_field_of_the_body(alice: AgentClient) -> None:
    await in_database(add_alices_session)
    body = {"content": "hi", "client_id": "a-1", "agent": "bob", "role": "customer", "sender": "customer"}
    _, message = await alice.act("s-1", "messages", body)
    assert (message["role"], message["agent"]["id"]) == ("agent", "alice")


async def test_another_agent_may_not_reply(bob: AgentClient) -> None:
    await in_database(add_alices_session)
    response = await bob.post("/api/sessions/s-1/messages", {"content": "hi", "client_id": "a-1"})
    assert (response.status_code, error_code(response)) == (403, "NOT_ASSIGNEE")
    assert not await in_database(Message.objects.exists)


async def test_a_supervisor_reads_but_does_not_reply(carol: AgentClient) -> None:
    await in_database(add_alices_session)
    assert (await carol.read("/api/sessions/s-1"))[0] == 200
    assert (await carol.reply("s-1", "hi"))[0] == 403


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.PENDING_MANUAL, Status.CLOSED])
async def test_no_reply_to_a_session_that_is_not_live(alice: AgentClient, status: Status) -> None:
    await in_database(add_session, status=status)
    response = await alice.post("/api/sessions/s-1/messages", {"content": "hi", "client_id": "a-1"})
    assert (response.status_code, error_code(response)) == (409, "INVALID_STATUS")


async def test_a_reply_does_not_slip_in_after_a_release(alice: AgentClient) -> None:
    await in_database(add_alices_session)
    await alice.act("s-1", "release")
    assert (await alice.reply("s-1", "too late"))[0] == 409


async def test_access_is_checked_before_the_body(bob: AgentClient) -> None:
    await in_database(add_alices_session)
    response = await bob.post("/api/sessions/s-1/messages", b"{")
    assert (response.status_code, error_code(response)) == (403, "NOT_ASSIGNEE")


@pytest.mark.parametrize("content", ["", "  ", "x" * 4001, "\0", "\ud800", 5, None])
async def test_bad_content_is_refused(alice: AgentClient, content: object) -> None:
    await in_database(add_alices_session)
    response = await alice.post("/api/sessions/s-1/messages", {"content": content, "client_id": "a-1"})
    assert (response.status_code, error_code(response)) == (400, "INVALID_CONTENT")
