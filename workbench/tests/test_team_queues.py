"""An agent sees who waits for his teams, a supervisor sees everybody."""

import json
from typing import Any

from chatbot.conversations.teams import default_team
from chatbot.models import ChatSession, Priority, Status, Team, TeamMember
from chatbot.tests.people import make_team
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


async def waiting_for_two_teams() -> Team:
    """`s-1` waits for the default team, `s-2` and `s-3` for Billing, which is alice's."""
    team = await in_database(make_team, "Billing", "alice")
    await in_database(add_session, "s-1")
    await in_database(add_session, "s-2", team=team)
    await in_database(add_session, "s-3", team=team, priority=Priority.HIGH)
    return team


def listed(content: dict[str, Any]) -> list[str]:
    return [item["session_name"] for item in content["items"]]


async def test_the_queue_is_that_of_ones_teams(alice: AgentClient, bob: AgentClient, carol: AgentClient) -> None:
    await waiting_for_two_teams()
    queues = [(await agent.read("/api/sessions/queue"))[1] for agent in (alice, bob, carol)]
    assert [(listed(queue), queue["total"]) for queue in queues] == [
        (["s-3", "s-2"], 2),
        (["s-1"], 1),
        (["s-3", "s-1", "s-2"], 3),
    ]


async def test_the_queue_says_whose_it_is(alice: AgentClient, bob: AgentClient, carol: AgentClient) -> None:
    team = await waiting_for_two_teams()
    support = await in_database(lambda: default_team().pk)
    teams = [(await agent.read("/api/sessions/queue"))[1]["teams"] for agent in (alice, bob, carol)]
    assert teams == [[team.pk], [support], [support, team.pk]]


async def test_places_are_those_in_the_teams_queue(carol: AgentClient) -> None:
    team = await waiting_for_two_teams()
    _, queue = await carol.read("/api/sessions/queue")
    billing = {"id": team.pk, "name": "Billing"}
    found = {item["session_name"]: (item["position"], item["priority"], item["team"]) for item in queue["items"]}
    assert found["s-3"] == (1, "high", billing)
    assert found["s-2"] == (2, "normal", billing)
    assert found["s-1"][:2] == (1, "normal")


async def test_an_agent_of_the_default_team_and_another_sees_both(alice: AgentClient) -> None:
    await waiting_for_two_teams()
    await in_database(lambda: TeamMember.objects.create(team=default_team(), agent=alice.agent.user))
    assert listed((await alice.read("/api/sessions/queue"))[1]) == ["s-3", "s-1", "s-2"]


async def test_lists_leave_out_who_waits_for_others(alice: AgentClient, carol: AgentClient) -> None:
    await waiting_for_two_teams()
    lists = [(await agent.read("/api/sessions?status=pending_manual"))[1] for agent in (alice, carol)]
    assert [sorted(listed(each)) for each in lists] == [["s-2", "s-3"], ["s-1", "s-2", "s-3"]]


async def test_what_does_not_wait_is_in_everybodys_list(bob: AgentClient) -> None:
    team = await in_database(make_team, "Billing", "alice")
    await in_database(add_session, "s-1", Status.CLOSED, team=team)
    _, content = await bob.read("/api/sessions")
    assert [(item["session_name"], item["team"]["name"]) for item in content["items"]] == [("s-1", "Billing")]


async def test_who_waits_for_others_can_be_found_and_read(bob: AgentClient) -> None:
    await waiting_for_two_teams()
    assert listed((await bob.read("/api/sessions?q=s-2"))[1]) == ["s-2"]
    assert (await bob.read("/api/sessions/s-2"))[0] == 200


async def test_next_is_of_ones_own_queue(alice: AgentClient, bob: AgentClient, carol: AgentClient) -> None:
    await waiting_for_two_teams()
    taken = [json.loads((await agent.post("/api/sessions/next")).content) for agent in (alice, bob, carol)]
    assert [session["session_name"] for session in taken] == ["s-3", "s-1", "s-2"]


async def test_nobody_is_kept_from_taking_over(bob: AgentClient) -> None:
    await waiting_for_two_teams()
    assert (await bob.act("s-2", "takeover"))[0] == 200


async def test_positions_name_the_channels_of_ones_teams(alice: AgentClient) -> None:
    team = await waiting_for_two_teams()
    for path in ("/api/sessions", "/api/sessions/queue"):
        position = (await alice.read(path))[1]["position"]
        assert position == f"sse_agent_alice:0,sse_broadcast:0,sse_team_{team.pk}:0"


async def test_a_deleted_teams_session_is_the_default_teams(carol: AgentClient) -> None:
    team = await waiting_for_two_teams()
    await in_database(team.delete)
    _, queue = await carol.read("/api/sessions/queue")
    assert {item["team"]["name"] for item in queue["items"]} == {"Support"}
    assert await in_database(ChatSession.objects.filter(team=None).count) == 3
