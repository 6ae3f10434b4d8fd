"""The assignee writes: the customer is told; of nobody else."""

from typing import Any

import pytest

from chatbot.conversations.typing_pace import TypingPace
from chatbot.models import Status
from realtime.database import in_database
from workbench.actions import tell_typing
from workbench.tests.agent import AgentClient, add_session


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Channels and payloads of what is sent."""
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(tell_typing, "_pace", TypingPace())
    monkeypatch.setattr(tell_typing, "send_many", lambda items: sent.extend((str(to), it.payload) for to, it in items))
    return sent


async def write(agent: AgentClient) -> int:
    response = await agent.post("/api/sessions/s-1/typing", {"active": True})
    return response.status_code


async def test_the_customer_is_told(alice: AgentClient, told: list[tuple[str, dict[str, Any]]]) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert await write(alice) == 204
    payload = {"session_name": "s-1", "role": "agent", "active": True}
    assert told == [("sse_session_s-1", payload), ("sse_agent_alice", payload)]


async def test_others_do_not_write_in_it(
    bob: AgentClient, carol: AgentClient, told: list[tuple[str, dict[str, Any]]]
) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert [await write(agent) for agent in (bob, carol)] == [403, 403]
    assert told == []


async def test_nobody_writes_where_the_bot_answers(alice: AgentClient, told: list[tuple[str, dict[str, Any]]]) -> None:
    await in_database(add_session, status=Status.BOT_ACTIVE)
    assert await write(alice) == 403
    assert told == []
