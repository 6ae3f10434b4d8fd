"""Who is connected, what agents choose, and what colleagues hear of it."""

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from chatbot.conversations import agent_presence, agent_states, presence
from chatbot.conversations.lost_presence import forget_lost_holders
from chatbot.models import (
    DEFAULT_CAPACITY,
    AgentInterval,
    AgentPresence,
    AgentState,
    Availability,
    PresenceHolder,
    Status,
)
from chatbot.tests.logged import logged
from chatbot.tests.people import make_agent
from realtime import groups
from realtime.database import in_database
from workbench.lists.agents import agent_items
from workbench.tests.agent import AgentClient, add_session

pytestmark = pytest.mark.django_db(transaction=True)


def come(username: str = "alice", holder: str = "p-1") -> None:
    presence.hold(holder)
    assert agent_presence.change(holder, came={username}, went=()) is not None


def go(username: str = "alice", holder: str = "p-1") -> None:
    assert agent_presence.change(holder, came=(), went={username}) is not None


def told(kind: str = "agent_status") -> list[dict[str, Any]]:
    return [envelope["payload"] for envelope in logged(groups.BROADCAST) if envelope["type"] == kind]


def state(username: str = "alice") -> AgentState:
    return AgentState.objects.get(agent__username=username)


def test_who_comes_is_connected_able_and_told_of() -> None:
    make_agent("alice", "Alice")
    come()
    assert (state().is_connected, state().able_since is not None) == (True, True)
    assert [(each["agent"]["id"], each["status"], each["connected"]) for each in told()] == [
        ("alice", "available", True)
    ]


def test_who_has_pages_in_two_processes_stays_until_the_last_is_gone() -> None:
    make_agent("alice")
    come(holder="p-1")
    come(holder="p-2")
    go(holder="p-1")
    assert len(told()) == 1
    go(holder="p-2")
    assert [each["status"] for each in told()] == ["available", "offline"]
    assert (state().is_connected, state().able_since) == (False, None)
    assert state().last_seen_at is not None


def test_a_choice_survives_the_connection() -> None:
    alice = make_agent("alice")
    come()
    agent_states.choose(alice, Availability.AWAY, reason="Lunch")
    go()
    come()
    assert [(each["status"], each["reason"]) for each in told()] == [
        ("available", ""), ("away", "Lunch"), ("offline", "Lunch"), ("away", "Lunch"),
    ]  # fmt: skip
    assert state().able_since is None


def test_of_many_who_come_at_once_one_event_tells() -> None:
    """A thousand who log in of a morning would otherwise be told a million times."""
    names = {make_agent(f"agent-{number}").username for number in range(agent_states.MAX_TOLD_SINGLY + 1)}
    presence.hold("p-1")
    assert agent_presence.change("p-1", came=names, went=()) is not None
    assert told() == []
    assert told("agents_changed") == [{"count": len(names)}]
    assert AgentState.objects.filter(is_connected=True).count() == len(names)


def test_the_same_choice_again_tells_nobody() -> None:
    alice = make_agent("alice")
    come()
    since = state().able_since
    agent_states.choose(alice, Availability.AVAILABLE)
    assert (len(told()), state().able_since) == (1, since)


def test_who_becomes_available_again_is_able_anew() -> None:
    alice = make_agent("alice")
    come()
    since = state().able_since
    agent_states.choose(alice, Availability.BUSY)
    agent_states.choose(alice, Availability.AVAILABLE)
    able_since = state().able_since
    assert since is not None
    assert able_since is not None
    assert able_since > since


def test_intervals_have_no_hole() -> None:
    alice = make_agent("alice")
    come()
    agent_states.choose(alice, Availability.BUSY, reason="Call")
    go()
    rows = list(AgentInterval.objects.order_by("id").values_list("state", "reason", "began_at", "ended_at"))
    assert [row[:2] for row in rows] == [("available", ""), ("busy", "Call"), ("offline", "")]
    assert [row[3] for row in rows] == [rows[1][2], rows[2][2], None]


def test_what_is_chosen_without_a_page_makes_no_interval() -> None:
    alice = make_agent("alice")
    come()
    go()
    agent_states.choose(alice, Availability.BUSY)
    assert list(AgentInterval.objects.order_by("id").values_list("state", flat=True)) == ["available", "offline"]


def test_agents_of_a_killed_process_are_gone() -> None:
    make_agent("alice")
    come()
    PresenceHolder.objects.update(lease_until=Now())
    forget_lost_holders()
    assert (state().is_connected, AgentPresence.objects.exists()) == (False, False)
    assert told()[-1]["status"] == "offline"


def test_without_a_lease_nothing_is_written() -> None:
    make_agent("alice")
    assert agent_presence.change("p-1", came={"alice"}, went=()) is None
    assert not AgentState.objects.exists()


def test_what_is_written_again_tells_nobody() -> None:
    make_agent("alice")
    come()
    come()
    assert len(told()) == 1


async def test_an_agent_chooses(alice: AgentClient) -> None:
    answer = await alice.put("/api/agent/availability", {"availability": "away", "reason": "Lunch"})
    assert answer.status_code == 200
    item = json.loads(answer.content)
    assert {key: item[key] for key in ("id", "availability", "reason", "connected", "live")} == {
        "id": "alice", "availability": "away", "reason": "Lunch", "connected": False, "live": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"availability": "asleep"},
        {},
        {"availability": "away", "reason": "x" * 81},
    ],
)
async def test_a_wrong_choice_changes_nothing(alice: AgentClient, body: dict[str, str]) -> None:
    answer = await alice.put("/api/agent/availability", body)
    assert answer.status_code == 400
    assert not await in_database(AgentState.objects.exists)


async def test_the_list_of_agents(alice: AgentClient) -> None:
    await in_database(make_agent, "bob", "Bob")
    await in_database(come, "bob")
    await in_database(add_session, "s-1", Status.MANUAL_LIVE, "bob")
    _, answer = await alice.read("/api/agents")
    bob = next(item for item in answer["items"] if item["id"] == "bob")
    assert (bob["connected"], bob["live"], bob["capacity"], len(bob["teams"])) == (True, 1, 5, 1)


@pytest.mark.parametrize("count", [1, 40])
def test_the_list_costs_the_same_however_many_there_are(count: int) -> None:
    for n in range(count):
        make_agent(f"agent-{n}")
        come(f"agent-{n}")
    with CaptureQueriesContext(connection) as queries:
        assert len(agent_items()) == count
    assert len(queries) == 6


def test_many_who_come_at_once_are_written_without_a_case_for_each() -> None:
    """With one, a thousand hold SQLite's write lock for two seconds; who else wants to write waits or is refused."""
    names = {make_agent(f"agent-{number}").username for number in range(3)}
    presence.hold("p-1")
    with CaptureQueriesContext(connection) as queries:
        assert agent_presence.change("p-1", came=names, went=()) is not None
    assert not [each["sql"] for each in queries if "CASE" in each["sql"]]
    assert set(AgentState.objects.values_list("is_connected", "capacity")) == {(True, DEFAULT_CAPACITY)}


def test_who_comes_and_goes_keeps_how_much_he_may_have() -> None:
    make_agent("alice")
    come()
    AgentState.objects.update(capacity=7)
    go()
    come()
    assert (state().capacity, state().is_connected) == (7, True)
