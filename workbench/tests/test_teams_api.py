"""Teams over HTTP: everybody sees them, supervisors change how they work."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.http import HttpResponse

from chatbot.models import AgentPresence, AgentState, PresenceHolder, Team
from chatbot.tests.customer import error_code
from chatbot.tests.database import count_queries
from chatbot.tests.people import make_agent, make_team
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session

SETTINGS = ("assignment", "offer_seconds", "first_reply_seconds", "vanished_seconds", "bot")


def make_able(username: str, *, is_able: bool = True, is_connected: bool = True, is_active: bool = True) -> None:
    """An agent as presence keeps him: available since a moment ago, with a page open."""
    agent = make_agent(username, is_active=is_active)
    AgentState.objects.create(agent=agent, able_since=Now() if is_able else None)
    lease = Now() + timedelta(seconds=20 if is_connected else -20)
    holder = PresenceHolder.objects.create(name=f"process of {username}", lease_until=lease)
    AgentPresence.objects.create(agent=agent, holder=holder)


async def read_teams(agent: AgentClient) -> dict[str, dict[str, Any]]:
    status, content = await agent.read("/api/teams")
    assert status == 200
    return {item["name"]: item for item in content["items"]}


async def change(agent: AgentClient, team_id: object, body: Any) -> HttpResponse:
    return await agent.patch(f"/api/teams/{team_id}", body)


async def test_with_nothing_set_up_there_is_the_default_team(alice: AgentClient) -> None:
    teams = await read_teams(alice)
    (support,) = teams.values()
    assert (support["name"], support["waiting"], support["available"]) == ("Support", 0, 0)
    assert [support[name] for name in SETTINGS] == ["off", 20, None, None, "first"]


async def test_who_waits_is_counted_by_team(alice: AgentClient) -> None:
    billing = await in_database(make_team)
    for n in range(3):
        await in_database(add_session, f"s-{n}", team=billing if n else None)
    assert {name: team["waiting"] for name, team in (await read_teams(alice)).items()} == {"Support": 1, "Billing": 2}


async def test_who_is_able_is_counted_in_each_of_his_teams(alice: AgentClient) -> None:
    for username in ("in-support", "in-billing", "in-both"):
        await in_database(make_able, username)
    await in_database(make_team, "Billing", "in-billing", "in-both")
    await in_database(make_team, "Sales", "in-both")
    available = {name: team["available"] for name, team in (await read_teams(alice)).items()}
    assert available == {"Support": 1, "Billing": 2, "Sales": 1}


@pytest.mark.parametrize("lacks", ["is_able", "is_connected", "is_active"])
async def test_who_is_away_offline_or_deactivated_is_not_available(alice: AgentClient, lacks: str) -> None:
    await in_database(make_able, "bob", **{lacks: False})
    assert (await read_teams(alice))["Support"]["available"] == 0


@pytest.mark.parametrize("count", [1, 12])
async def test_any_number_of_teams_costs_six_queries(alice: AgentClient, count: int) -> None:
    for n in range(count):
        await in_database(make_able, f"agent-{n}")
        await in_database(make_team, f"team {n}", f"agent-{n}")
    statements = await count_queries(lambda: alice.get("/api/teams"))
    assert len(statements) == 6, "\n".join(statements)


async def test_a_supervisor_changes_what_is_given(carol: AgentClient) -> None:
    team = await in_database(make_team)
    body = {"assignment": "offer", "first_reply_seconds": 60, "bot": "above:5"}
    response = await change(carol, team.pk, body)
    assert response.status_code == 200
    answer = json.loads(response.content)
    assert (answer["id"], answer["name"]) == (team.pk, "Billing")
    assert [answer[name] for name in SETTINGS] == ["offer", 20, 60, None, "above:5"]
    assert (await read_teams(carol))["Billing"] == answer


async def test_null_switches_off(carol: AgentClient) -> None:
    team = await in_database(make_team, first_reply_seconds=60, vanished_seconds=90)
    answer = json.loads((await change(carol, team.pk, {"first_reply_seconds": None})).content)
    assert (answer["first_reply_seconds"], answer["vanished_seconds"]) == (None, 90)


async def test_nothing_given_changes_nothing(carol: AgentClient) -> None:
    team = await in_database(make_team, offer_seconds=7)
    assert json.loads((await change(carol, team.pk, {})).content)["offer_seconds"] == 7


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("assignment", "on"),
        ("assignment", None),
        *(("offer_seconds", value) for value in (0, -1, 1.5, "20", None, 10**9, True)),
        *(("first_reply_seconds", value) for value in (0, "60", 10**9)),
        ("vanished_seconds", -1),
        *(("bot", value) for value in ("", "always", "above:", "above:-1", "above:x", "never\n", None, 3)),
    ],
)
async def test_a_bad_value_is_refused_and_nothing_changed(carol: AgentClient, field: str, value: object) -> None:
    team = await in_database(make_team)
    response = await change(carol, team.pk, {"assignment": "offer", field: value})
    assert (response.status_code, error_code(response)) == (400, f"INVALID_{field.upper()}")
    assert await in_database(lambda: Team.objects.get(pk=team.pk).assignment) == "off"


@pytest.mark.parametrize("body", [{"assignment": "offer"}, {"assignment": "on"}])
async def test_agents_change_nothing(alice: AgentClient, body: Any) -> None:
    team = await in_database(make_team, "Billing", "alice")
    response = await change(alice, team.pk, body)
    assert (response.status_code, error_code(response)) == (403, "FORBIDDEN")
    assert await in_database(lambda: Team.objects.get(pk=team.pk).assignment) == "off"


@pytest.mark.parametrize("team_id", ["0", "999999", "x", "-1", "1.0", "9" * 30, "１"])
async def test_an_unknown_team(carol: AgentClient, team_id: str) -> None:
    response = await change(carol, team_id, {"assignment": "off"})
    assert (response.status_code, error_code(response)) == (404, "TEAM_NOT_FOUND")
