"""An agent's receipts, and what they change of `unread`."""

from typing import Any

import pytest
from django.db import transaction

from chatbot.conversations import transcript
from chatbot.conversations.locking import lock_session
from chatbot.models import Role, Status
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


def write(name: str, role: Role, client_id: str) -> int:
    with transaction.atomic():
        locked = lock_session(name)
        written = transcript.write(
            locked.session, role=role, sender=str(role), content="x", client_id=client_id, now=locked.now
        )
    return written.pk


async def customers_messages(count: int = 3, name: str = "s-1") -> list[int]:
    return [await in_database(write, name, Role.CUSTOMER, f"c-{n}") for n in range(count)]


async def confirm(agent: AgentClient, **body: Any) -> int:
    response = await agent.post("/api/sessions/s-1/receipts", body)
    return response.status_code


async def read(agent: AgentClient) -> tuple[dict[str, Any], int]:
    """The agent's side of the receipts, and how much this agent has not read."""
    _, detail = await agent.read("/api/sessions/s-1")
    return detail["receipts"]["agent"], detail["unread"]


async def test_seen_implies_delivered_and_is_read(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    first, _, third = await customers_messages()
    assert await confirm(alice, delivered=third, seen=first) == 204
    assert await read(alice) == ({"delivered": third, "seen": first}, 2)
    assert await confirm(alice, seen=third) == 204
    assert await read(alice) == ({"delivered": third, "seen": third}, 0)


async def test_it_never_goes_back(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    first, _, third = await customers_messages()
    await confirm(alice, seen=third)
    assert await confirm(alice, seen=first) == 204
    assert await read(alice) == ({"delivered": third, "seen": third}, 0)


async def test_a_supervisor_only_reads_for_herself(alice: AgentClient, carol: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    *_, last = await customers_messages()
    assert await confirm(carol, seen=last) == 204
    assert await read(carol) == ({"delivered": None, "seen": None}, 0)
    assert (await read(alice))[1] == 3


async def test_another_agent_may_not(alice: AgentClient, bob: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    *_, last = await customers_messages()
    assert await confirm(bob, seen=last) == 403


@pytest.mark.parametrize("role", [Role.AGENT, Role.BOT, Role.SYSTEM])
async def test_only_the_other_sides_messages(alice: AgentClient, role: Role) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    own = await in_database(write, "s-1", role, "x-1")
    assert await confirm(alice, seen=own) == 404
    assert (await read(alice))[0] == {"delivered": None, "seen": None}


async def test_a_message_of_another_session_is_not_there(alice: AgentClient) -> None:
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "alice")
    await in_database(add_session, "s-2", Status.MANUAL_LIVE, "alice")
    foreign = await in_database(write, "s-2", Role.CUSTOMER, "c-1")
    assert await confirm(alice, delivered=foreign) == 404


@pytest.mark.parametrize("value", [0, -1, "1", 1.5, True, 2**63])
async def test_a_bad_id_is_refused(alice: AgentClient, value: Any) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    assert await confirm(alice, seen=value) == 400
