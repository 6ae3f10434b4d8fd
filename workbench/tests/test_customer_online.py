"""Agents see whether the customer has a page open."""

from typing import Any

import pytest

from chatbot.conversations import presence
from chatbot.models import Status
from chatbot.tests.database import count_queries
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


def open_page(*names: str) -> None:
    presence.hold("p-1")
    presence.change("p-1", came=set(names), went=())


async def online(agent: AgentClient, path: str) -> dict[str, Any]:
    content = (await agent.read(path))[1]
    return {item["session_name"]: item["customer_online"] for item in content.get("items", [content])}


@pytest.mark.parametrize("path", ["/api/sessions", "/api/sessions/queue", "/api/sessions?sort=unanswered"])
async def test_lists_say_who_is_here(alice: AgentClient, path: str) -> None:
    for name in ("s-1", "s-2"):
        await in_database(add_session, name, unanswered_since="2026-11-28T00:00:00Z")
    await in_database(open_page, "s-1")
    assert await online(alice, path) == {"s-1": True, "s-2": False}


async def test_a_session_says_it(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert await online(alice, "/api/sessions/s-1") == {"s-1": False}
    await in_database(open_page, "s-1")
    assert await online(alice, "/api/sessions/s-1") == {"s-1": True}


async def test_so_does_taking_it(alice: AgentClient) -> None:
    await in_database(add_session)
    await in_database(open_page, "s-1")
    assert (await alice.act("s-1", "takeover"))[1]["customer_online"]


@pytest.mark.parametrize("path", ["/api/sessions", "/api/sessions/queue"])
async def test_it_costs_one_query_however_many_there_are(alice: AgentClient, path: str) -> None:
    for n in range(30):
        await in_database(add_session, f"s-{n}")
        await in_database(open_page, f"s-{n}")
    statements = await count_queries(lambda: alice.get(path))
    assert sum("chatbot_presence" in sql for sql in statements) == 1
