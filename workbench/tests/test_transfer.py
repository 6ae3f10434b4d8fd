"""Passing a conversation on: to a colleague, who accepts or not, or to a team."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chatbot.conversations import events
from chatbot.models import ChatSession, HistoryEntry, Message, Offer, Status, Team
from chatbot.tests.logged import logged, types_on
from realtime import groups
from realtime.database import in_database
from workbench.tests.ableness import be_able, disconnect, make_able
from workbench.tests.agent import AgentClient, add_session

ASKED_AT = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def session(alice: AgentClient, bob: AgentClient) -> str:
    """Alice's; Bob could take it."""
    await in_database(add_session, status=Status.MANUAL_LIVE, assignee="alice")
    await in_database(ChatSession.objects.update, waiting_since=ASKED_AT)
    await in_database(make_able, "bob")
    return "s-1"


async def pass_on(agent: AgentClient, session: str, **body: Any) -> tuple[int, dict[str, Any]]:
    return await agent.act(session, "transfer", body)


async def accept(agent: AgentClient, offer: int) -> int:
    return (await agent.post(f"/api/offers/{offer}/accept")).status_code


async def test_the_sender_keeps_it_until_it_is_accepted(session: str, alice: AgentClient, bob: AgentClient) -> None:
    status, content = await pass_on(alice, session, to_agent="bob", note="speaks French")
    assert (status, set(content)) == (202, {"offer_id", "expires_at"})
    assert (await alice.reply(session, "still me"))[0] == 201
    [item] = (await bob.read("/api/agent/offers"))[1]["items"]
    assert (item["from"]["id"], item["note"], item["why"]) == ("alice", "speaks French", "Alice asks Bob to take over")
    assert await accept(bob, content["offer_id"]) == 200
    assert (await alice.reply(session, "not any more", "a-2"))[0] == 403
    assert (await bob.reply(session, "me"))[0] == 201


async def test_only_the_two_hear_of_it(session: str, alice: AgentClient) -> None:
    await pass_on(alice, session, to_agent="bob", note="secret")
    for channel in (groups.session(session), groups.BROADCAST):
        assert await in_database(types_on, channel) == []
    for agent in ("alice", "bob"):
        [event] = await in_database(logged, groups.agent(agent))
        assert (event["type"], event["payload"]["from"]["id"]) == ("transfer_offer", "alice")


async def test_the_customer_reads_with_whom_he_is_connected(session: str, alice: AgentClient, bob: AgentClient) -> None:
    _, content = await pass_on(alice, session, to_agent="bob", note="secret")
    await accept(bob, content["offer_id"])
    told = await in_database(logged, groups.session(session))
    assert [event["type"] for event in told] == ["status_change", "new_message"]
    assert told[1]["payload"]["content"] == "Connecting you to Bob."
    assert "secret" not in json.dumps(told)


async def test_who_declines_leaves_it_with_the_sender(session: str, alice: AgentClient, bob: AgentClient) -> None:
    _, content = await pass_on(alice, session, to_agent="bob")
    await bob.post(f"/api/offers/{content['offer_id']}/decline")
    stored = await in_database(ChatSession.objects.select_related("assignee").get)
    assert (stored.status, stored.assignee.username) == (Status.MANUAL_LIVE, "alice")  # type: ignore[union-attr]
    told = await in_database(types_on, groups.agent("alice"))
    assert told == ["transfer_offer", "transfer_declined", "offer_ended"]


async def test_one_line_of_history_for_each_thing(session: str, alice: AgentClient, bob: AgentClient) -> None:
    _, content = await pass_on(alice, session, to_agent="bob")
    await accept(bob, content["offer_id"])
    lines = await in_database(lambda: list(HistoryEntry.objects.values_list("what", "agent__username")))
    assert lines == [("offered", "alice"), ("transferred", "bob")]


async def test_a_sender_may_choose_anew(session: str, alice: AgentClient, carol: AgentClient) -> None:
    await in_database(make_able, "carol")
    await pass_on(alice, session, to_agent="bob")
    assert (await pass_on(alice, session, to_agent="carol"))[0] == 202
    ends = await in_database(lambda: list(Offer.objects.order_by("id").values_list("receiver__username", "end")))
    assert ends == [("bob", "withdrawn"), ("carol", "")]
    assert (await in_database(types_on, groups.agent("bob")))[-1] == "offer_ended"


async def test_a_refused_choice_leaves_the_offer_before(session: str, alice: AgentClient, carol: AgentClient) -> None:
    await pass_on(alice, session, to_agent="bob")
    assert (await pass_on(alice, session, to_agent="carol"))[0] == 409
    assert (await in_database(Offer.objects.get)).ended_at is None
    assert await in_database(HistoryEntry.objects.count) == 1


def serves_another_team() -> None:
    make_able("bob", team=Team.objects.create(name="Billing"))


UNAVAILABLE: dict[str, tuple[Any, str]] = {
    "a closed page": (lambda: disconnect("bob"), "not available"),
    "away": (lambda: be_able("bob", False), "not available"),
    "another team": (serves_another_team, "does not serve"),
    "at capacity": (lambda: make_able("bob", capacity=0), "as many"),
}


@pytest.mark.parametrize("why", UNAVAILABLE)
async def test_only_who_can_take_it_is_asked(session: str, alice: AgentClient, why: str) -> None:
    make_so, said = UNAVAILABLE[why]
    await in_database(make_so)
    status, content = await pass_on(alice, session, to_agent="bob")
    assert (status, content["error"]["code"]) == (409, "AGENT_UNAVAILABLE")
    assert content["error"]["message"].startswith("Bob")
    assert said in content["error"]["message"]
    assert not await in_database(Offer.objects.exists)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"to_agent": "nobody"}, (404, "AGENT_NOT_FOUND")),
        ({"to_agent": "alice"}, (409, "AGENT_UNAVAILABLE")),
        ({"to_team": 10**9}, (404, "TEAM_NOT_FOUND")),
        ({}, (400, "INVALID_TO_TEAM")),
        ({"to_agent": "bob", "to_team": 1}, (400, "INVALID_TO_TEAM")),
        ({"to_agent": 7}, (400, "INVALID_TO_AGENT")),
        ({"to_agent": "bob", "note": "x" * 1_001}, (400, "INVALID_NOTE")),
    ],
)
async def test_a_transfer_to_nobody_says_so(
    session: str, alice: AgentClient, body: Any, refusal: tuple[int, str]
) -> None:
    status, content = await pass_on(alice, session, **body)
    assert (status, content["error"]["code"]) == refusal
    assert not await in_database(HistoryEntry.objects.exists)


async def test_only_its_agent_passes_it_on(session: str, bob: AgentClient, carol: AgentClient) -> None:
    for other in (bob, carol):
        assert (await pass_on(other, session, to_agent="bob"))[0] == 403


# To a team


async def test_a_team_gets_it_with_its_first_waiting_time(session: str, alice: AgentClient) -> None:
    team = await in_database(Team.objects.create, name="Billing")
    assert await pass_on(alice, session, to_team=team.pk, note="about an invoice") == (202, {"position": 1})
    stored = await in_database(ChatSession.objects.get)
    assert (stored.status, stored.team_id, stored.waiting_since) == (Status.PENDING_MANUAL, team.pk, ASKED_AT)
    line = await in_database(HistoryEntry.objects.get)
    assert (line.what, line.why["note"]) == ("moved", "about an invoice")


async def test_both_desks_hear_that_it_moved(session: str, alice: AgentClient) -> None:
    team = await in_database(Team.objects.create, name="Billing")
    await pass_on(alice, session, to_team=team.pk)
    assert await in_database(types_on, groups.BROADCAST) == ["session_updated"]
    told = await in_database(types_on, events.desk_of(team.pk))
    assert told == ["session_updated", "transfer_request", "status_change"]


async def test_the_customer_reads_which_team(session: str, alice: AgentClient) -> None:
    team = await in_database(Team.objects.create, name="Billing")
    await pass_on(alice, session, to_team=team.pk, note="secret")
    notice = await in_database(Message.objects.latest, "id")
    assert notice.content == "Connecting you to the team Billing. You keep your place in the queue."


async def test_back_to_the_default_team(session: str, alice: AgentClient) -> None:
    team = await in_database(Team.objects.create, name="Billing")
    await in_database(ChatSession.objects.update, team=team)
    default = await in_database(Team.objects.get, is_default=True)
    assert (await pass_on(alice, session, to_team=default.pk))[0] == 202
    assert (await in_database(ChatSession.objects.get)).team_id is None


async def test_requeue_names_a_team(session: str, carol: AgentClient) -> None:
    team = await in_database(Team.objects.create, name="Billing")
    status, _ = await carol.act(session, "requeue", {"team": team.pk})
    stored = await in_database(ChatSession.objects.get)
    assert (status, stored.team_id, stored.waiting_since) == (200, team.pk, ASKED_AT)


async def test_requeue_to_an_invented_team_changes_nothing(session: str, alice: AgentClient) -> None:
    status, content = await alice.act(session, "requeue", {"team": 10**9})
    assert (status, content["error"]["code"]) == (404, "TEAM_NOT_FOUND")
    assert (await in_database(ChatSession.objects.get)).status == Status.MANUAL_LIVE
