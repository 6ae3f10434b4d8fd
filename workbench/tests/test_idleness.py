"""Who does nothing at his desk for a while is set to away; an open page alone is nobody there."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from chatbot.conversations import agent_presence, agent_states, presence
from chatbot.models import AgentInterval, AgentState, Availability, Status
from chatbot.tests.database import count_queries
from chatbot.tests.logged import logged
from chatbot.tests.people import make_agent
from realtime import groups
from realtime.database import in_database
from realtime.models import Lease
from workbench.access.signs_of_life import take_signs
from workbench.presence import idleness
from workbench.presence.idleness import LATE, sweep
from workbench.tests.agent import AgentClient, add_session

MINUTES = 15


@pytest.fixture(autouse=True)
def _no_signs(settings: Any) -> Iterator[None]:
    settings.AWAY_AFTER_MINUTES = MINUTES
    take_signs()
    yield
    take_signs()


def come(username: str = "alice") -> None:
    make_agent(username)
    presence.hold("p-1")
    agent_presence.change("p-1", came={username}, went=())


def do_nothing_for(minutes: float, username: str = "alice") -> None:
    """As if he had come, and done something last, so long ago."""
    AgentState.objects.filter(agent__username=username).update(last_input_at=Now() - timedelta(minutes=minutes) - LATE)


def state() -> tuple[str, str, bool]:
    found = AgentState.objects.get(agent__username="alice")
    return found.availability, found.reason, found.able_since is not None


def told() -> list[tuple[str, str | None]]:
    payloads = [each["payload"] for each in logged(groups.BROADCAST) if each["type"] == "agent_status"]
    return [(each["status"], each["by"]) for each in payloads]


async def test_who_does_nothing_is_away_and_everybody_hears_why(alice: AgentClient) -> None:
    await in_database(come)
    await in_database(do_nothing_for, MINUTES)
    await sweep()
    assert await in_database(state) == ("away", "No input for 15 minutes", False)
    assert await in_database(told) == [("available", None), ("away", "system")]
    intervals = AgentInterval.objects.order_by("id").values_list("state", "reason")
    assert await in_database(lambda: list(intervals)) == [("available", ""), ("away", "No input for 15 minutes")]


async def test_not_before(alice: AgentClient) -> None:
    await in_database(come)
    await in_database(do_nothing_for, MINUTES - 1)
    await sweep()
    assert await in_database(state) == ("available", "", True)


@pytest.mark.parametrize("path", ["/api/agent/activity", "/api/sessions/s-1/typing"])
async def test_who_does_something_is_there(alice: AgentClient, path: str) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await in_database(come)
    await in_database(do_nothing_for, MINUTES)
    assert (await alice.post(path, {"active": True})).status_code == 204
    await sweep()
    assert (await in_database(state))[0] == "available"


async def test_what_a_page_does_by_itself_is_no_sign(alice: AgentClient) -> None:
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await in_database(come)
    await in_database(do_nothing_for, MINUTES)
    assert (await alice.get("/api/sessions/s-1")).status_code == 200
    await alice.post("/api/sessions/s-1/receipts", {})
    await sweep()
    assert (await in_database(state))[0] == "away"


async def test_to_say_it_writes_nothing(alice: AgentClient) -> None:
    """Login and user."""
    assert len(await count_queries(lambda: alice.post("/api/agent/activity"))) == 2


async def test_who_comes_is_there(alice: AgentClient) -> None:
    await in_database(come)
    await in_database(do_nothing_for, 10 * MINUTES)
    await in_database(agent_presence.change, "p-1", came=(), went={"alice"})
    await in_database(come)
    await sweep()
    assert (await in_database(state))[0] == "available"


async def test_he_is_away_until_he_chooses(alice: AgentClient) -> None:
    await in_database(come)
    await in_database(do_nothing_for, MINUTES)
    await sweep()
    await alice.post("/api/agent/activity")
    await sweep()
    assert (await in_database(state))[0] == "away"
    await alice.put("/api/agent/availability", {"availability": "available"})
    await sweep()
    assert await in_database(state) == ("available", "", True)
    assert (await in_database(told))[-1] == ("available", "agent")


async def test_who_is_busy_stays_busy(alice: AgentClient) -> None:
    await in_database(come)
    await in_database(agent_states.choose, alice.agent.user, Availability.BUSY, reason="Call")
    await in_database(do_nothing_for, MINUTES)
    await sweep()
    assert await in_database(state) == ("busy", "Call", False)


async def test_who_is_not_connected_is_left_alone(alice: AgentClient) -> None:
    await in_database(come)
    await in_database(agent_presence.change, "p-1", came=(), went={"alice"})
    await in_database(do_nothing_for, 10 * MINUTES)
    await sweep()
    assert (await in_database(state))[0] == "available"


async def test_one_process_of_all_does_it(alice: AgentClient) -> None:
    await in_database(come)
    await in_database(do_nothing_for, MINUTES)
    await in_database(Lease.objects.create, name="idle-agents", holder="another", until=Now() + idleness.TURN / 2)
    await sweep()
    assert (await in_database(state))[0] == "available"


async def test_where_everybody_works_looking_is_one_query(alice: AgentClient) -> None:
    await in_database(come)
    assert len(await count_queries(sweep)) == 1


async def test_a_sign_that_could_not_be_noted_is_noted_later(
    alice: AgentClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("database is locked")

    await in_database(come)
    await in_database(do_nothing_for, MINUTES)
    await alice.post("/api/agent/activity")
    with monkeypatch.context() as broken:
        broken.setattr(agent_states, "note_input", fail)
        with pytest.raises(OperationalError):
            await sweep()
    await sweep()
    assert (await in_database(state))[0] == "available"


async def test_it_can_be_switched_off(settings: Any) -> None:
    settings.AWAY_AFTER_MINUTES = 0
    await idleness.set_idle_agents_away()  # which ends at once


@pytest.mark.parametrize(
    ("reason", "shown"),
    [("No input for 15 minutes", "15 分钟没有操作"), ("Did not answer a customer", "未回复客户"), ("Lunch", "Lunch")],
)
async def test_colleagues_read_why_in_their_language(alice: AgentClient, reason: str, shown: str) -> None:
    await in_database(agent_states.choose, alice.agent.user, Availability.AWAY, reason=reason)
    response = await alice.get("/api/agents", **{"Accept-Language": "zh-Hans"})
    assert [item["reason"] for item in json.loads(response.content)["items"]] == [shown]
