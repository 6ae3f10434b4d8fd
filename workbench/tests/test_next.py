"""Taking the next customer, one of the bot's, and handing one back."""

import asyncio
import json
from typing import Any

import pytest

from chatbot.models import ChatSession, Status
from chatbot.tests.customer import error_code
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


async def take_next(agent: AgentClient) -> tuple[int, dict[str, Any]]:
    response = await agent.post("/api/sessions/next")
    return response.status_code, json.loads(response.content)


async def wait_since(name: str, hour: str) -> None:
    await in_database(add_session, name)
    await in_database(ChatSession.objects.filter(name=name).update, waiting_since=f"2020-01-01T{hour}:00:00Z")


async def test_who_waits_longest_is_next(alice: AgentClient) -> None:
    await wait_since("s-1", "02")
    await wait_since("s-2", "01")
    status, taken = await take_next(alice)
    assert (status, taken["session_name"], taken["agent"]["id"]) == (200, "s-2", "alice")


async def test_an_empty_queue(alice: AgentClient) -> None:
    response = await alice.post("/api/sessions/next")
    assert (response.status_code, error_code(response)) == (404, "QUEUE_EMPTY")


async def test_many_at_once_each_get_one(alice: AgentClient, bob: AgentClient) -> None:
    for n in range(6):
        await in_database(add_session, f"s-{n}")
    answers = await asyncio.gather(*(take_next(agent) for agent in (alice, bob) for _ in range(4)))
    taken = [content["session_name"] for status, content in answers if status == 200]
    assert sorted(taken) == [f"s-{n}" for n in range(6)]
    assert [status for status, _ in answers].count(404) == 2


async def test_a_lost_race_says_who_won(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(add_session)
    await alice.act("s-1", "takeover")
    status, answer = await bob.act("s-1", "takeover")
    assert (status, answer["error"]["message"]) == (409, "Alice was faster.")


async def test_nobody_is_faster_than_oneself(alice: AgentClient) -> None:
    await in_database(add_session)
    await alice.act("s-1", "takeover")
    _, answer = await alice.act("s-1", "takeover")
    assert "faster" not in answer["error"]["message"]


async def test_a_conversation_of_the_bot_can_be_taken(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    assert (await alice.act("s-1", "takeover"))[0] == 409
    status, taken = await alice.act("s-1", "takeover", {"from_bot": True})
    assert (status, taken["status"], taken["agent"]["id"]) == (200, "manual_live", "alice")


async def test_from_bot_takes_what_waits_too_but_nothing_closed(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(add_session, "s-1")
    await in_database(add_session, "s-2", Status.CLOSED)
    assert (await alice.act("s-1", "takeover", {"from_bot": True}))[0] == 200
    assert (await bob.act("s-1", "takeover", {"from_bot": True}))[0] == 409
    assert (await alice.act("s-2", "takeover", {"from_bot": True}))[0] == 409


async def test_a_conversation_goes_back_to_its_place_in_the_queue(alice: AgentClient) -> None:
    await wait_since("s-1", "01")
    await wait_since("s-2", "02")
    _, before = await alice.read("/api/sessions/s-1")
    await take_next(alice)
    status, requeued = await alice.act("s-1", "requeue")
    assert (status, requeued["status"], requeued["agent"]) == (200, "pending_manual", None)
    assert requeued["waiting_since"] == before["waiting_since"]
    assert (await take_next(alice))[1]["session_name"] == "s-1"


async def test_a_supervisor_hands_back_for_another(carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert (await carol.act("s-1", "requeue"))[0] == 200


async def test_nobody_else_does(bob: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    response = await bob.post("/api/sessions/s-1/requeue")
    assert (response.status_code, error_code(response)) == (403, "NOT_ASSIGNEE")


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.PENDING_MANUAL, Status.CLOSED])
async def test_only_what_is_live_goes_back(alice: AgentClient, carol: AgentClient, status: Status) -> None:
    await in_database(add_session, status=status)
    assert [(await agent.act("s-1", "requeue"))[0] for agent in (alice, carol)] == [409, 409]
