"""A customer asks for people: of which team, and what he is told if nobody is there."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models.functions import Now

from chatbot.conversations.teams import default_team
from chatbot.conversations.waiting import ASKED, CLOSED, CLOSED_UNTIL, NOBODY, Staffing, notice_of
from chatbot.models import (
    AgentPresence,
    AgentState,
    BotTurn,
    ChatSession,
    HistoryEntry,
    Message,
    OpeningHours,
    PresenceHolder,
    Status,
    Team,
)
from chatbot.tests.customer import Customer, error_code, make_session
from chatbot.tests.database import count_queries
from chatbot.tests.logged import types_on
from chatbot.tests.people import make_agent, make_team, set_status
from realtime import groups
from realtime.database import in_database

ALL_DAYS = range(7)


def make_agents(*, able: int, away: int) -> None:
    """Agents of the default team: so many with a page open and available, and so many who are not."""
    holder = PresenceHolder.objects.create(name="process", lease_until=Now() + timedelta(seconds=20))
    for n in range(able + away):
        agent = make_agent(f"agent-{n}")
        AgentState.objects.create(agent=agent, able_since=Now() if n < able else None)
        AgentPresence.objects.create(agent=agent, holder=holder)


def set_up(team: Team | None = None, **fields: Any) -> None:
    """Change a team, the default one if none is given."""
    Team.objects.filter(pk=(team or default_team()).pk).update(**fields)


def close_always(team: Team | None = None) -> None:
    """Open for one minute of a day that is as far away as it can be."""
    far = (datetime.now(UTC) + timedelta(days=3)).weekday()
    OpeningHours.objects.create(team=team or default_team(), weekday=far, opens_at=time(9), closes_at=time(9, 1))


async def ask(customer: Customer, name: str, **body: Any) -> tuple[int, dict[str, Any]]:
    response = await customer.post(f"/api/sessions/{name}/escalate", body)
    return response.status_code, json.loads(response.content)


async def state_of(customer: Customer, name: str) -> dict[str, Any]:
    return dict(json.loads((await customer.get(f"/api/sessions/{name}")).content))


# Which team


async def test_who_names_no_team_waits_for_the_default_team(customer: Customer) -> None:
    name = await customer.start()
    assert (await ask(customer, name))[0] == 202
    assert (await in_database(ChatSession.objects.get)).team_id is None


async def test_a_customer_chooses_a_team(customer: Customer) -> None:
    team = await in_database(make_team, is_offered_to_customers=True)
    first, second = await customer.start(), await customer.start()
    await customer.escalate(first)
    status, answer = await ask(customer, second, team=team.pk)
    assert (status, answer["position"]) == (202, 1)
    assert (await in_database(ChatSession.objects.get, name=second)).team_id == team.pk
    channel = groups.channel("team", str(team.pk))
    assert await in_database(types_on, channel) == ["status_change", "transfer_request"]


async def test_the_default_team_can_be_chosen_too(customer: Customer) -> None:
    team = await in_database(default_team)
    await in_database(set_up, is_offered_to_customers=True)
    assert (await ask(customer, await customer.start(), team=team.pk))[0] == 202
    assert (await in_database(ChatSession.objects.get)).team_id is None


@pytest.mark.parametrize("team", ["hidden", 999_999, 0, -1, "1", 1.5])
async def test_a_team_that_is_not_offered_is_refused_and_nobody_asked(customer: Customer, team: Any) -> None:
    hidden = await in_database(make_team)
    name = await customer.start()
    response = await customer.post(f"/api/sessions/{name}/escalate", {"team": hidden.pk if team == "hidden" else team})
    assert (response.status_code, error_code(response)) == (400, "INVALID_TEAM")
    assert (await in_database(ChatSession.objects.get)).status == Status.BOT_ACTIVE


async def test_who_asks_another_team_than_before_leaves_the_first(customer: Customer) -> None:
    team = await in_database(make_team, is_offered_to_customers=True)
    name = await customer.start()
    await customer.escalate(name)
    await customer.post(f"/api/sessions/{name}/cancel-escalation")
    await ask(customer, name, team=team.pk)
    assert (await in_database(types_on, groups.BROADCAST))[-1] == "session_updated"
    assert "session_updated" in await in_database(types_on, groups.channel("team", str(team.pk)))


async def test_teams_that_can_be_chosen_are_told_to_everybody(stranger: Customer) -> None:
    await in_database(make_team, "Hidden")
    team = await in_database(make_team, "Billing", is_offered_to_customers=True)
    answer = json.loads((await stranger.get("/api/teams")).content)
    assert answer == {"items": [{"id": team.pk, "name": "Billing", "able": 0, "is_open": True, "opens_at": None}]}


@pytest.mark.parametrize("count", [1, 12])
async def test_any_number_of_teams_to_choose_costs_the_same(customer: Customer, count: int) -> None:
    await in_database(make_agents, able=1, away=0)
    for n in range(count):
        team = await in_database(make_team, f"team {n}", is_offered_to_customers=True)
        await in_database(close_always, team)
    assert len(await count_queries(lambda: customer.get("/api/teams"))) == 5


# The team's rule


@pytest.mark.parametrize(
    ("rule", "closed", "waiting", "status"),
    [
        ("first", False, 0, Status.BOT_ACTIVE),
        ("never", False, 0, Status.PENDING_MANUAL),
        ("after_hours", False, 0, Status.PENDING_MANUAL),
        ("after_hours", True, 0, Status.BOT_ACTIVE),
        ("above:1", False, 1, Status.PENDING_MANUAL),
        ("above:1", False, 2, Status.BOT_ACTIVE),
    ],
)
async def test_who_gets_a_first_message(
    customer: Customer, rule: str, closed: bool, waiting: int, status: Status
) -> None:
    await in_database(set_up, bot=rule)
    if closed:
        await in_database(close_always)
    for n in range(waiting):
        await in_database(make_session, f"s-{n}", status=Status.PENDING_MANUAL)
    name = await customer.start()
    await customer.say(name, "help me")
    session = await in_database(ChatSession.objects.get, name=name)
    assert session.status == status
    assert await in_database(BotTurn.objects.exists) == (status == Status.BOT_ACTIVE)


async def test_human_first_keeps_the_question_and_tells_in_order(customer: Customer) -> None:
    await in_database(set_up, bot="never")
    name = await customer.start()
    await customer.say(name, "help me")
    assert (await in_database(ChatSession.objects.get)).question == "help me"
    types = await in_database(types_on, groups.session(name))
    assert types == ["new_message", "status_change", "transfer_request", "new_message"]
    line = await in_database(HistoryEntry.objects.get)
    assert (line.what, line.by) == ("escalated", "system")


async def test_the_rule_is_asked_when_a_conversation_begins_and_not_again(customer: Customer) -> None:
    name = await customer.start()
    await customer.say(name, "hi")
    await in_database(set_up, bot="never")
    await customer.say(name, "help", client_id="c-2")
    assert (await in_database(ChatSession.objects.get)).status == Status.BOT_ACTIVE


async def test_a_closed_conversation_begins_again_by_the_rule_of_its_team(customer: Customer) -> None:
    team = await in_database(make_team, bot="never")
    name = await customer.start()
    await customer.say(name, "hi")
    await in_database(set_status, name, Status.CLOSED)
    await in_database(ChatSession.objects.update, team=team)
    await customer.say(name, "me again", client_id="c-2")
    session = await in_database(ChatSession.objects.get)
    assert (session.status, session.team_id) == (Status.PENDING_MANUAL, team.pk)


async def test_a_message_that_is_sent_twice_asks_once(customer: Customer) -> None:
    await in_database(set_up, bot="never")
    name = await customer.start()
    assert await customer.say(name, "hi") == await customer.say(name, "hi")
    assert await in_database(HistoryEntry.objects.count) == 1


# Nobody there


async def told(customer: Customer, name: str) -> str:
    """The last line of the conversation."""
    return str((await state_of(customer, name))["messages"][-1]["content"])


async def test_with_somebody_there_one_waits_as_usual(customer: Customer) -> None:
    await in_database(make_agents, able=1, away=1)
    name = await customer.start()
    await customer.escalate(name)
    assert await told(customer, name) == ASKED
    queue = (await state_of(customer, name))["queue"]
    why = "1 of 2 agents is here, you are next."
    assert queue == {"able": 1, "agents": 2, "is_open": True, "opens_at": None, "why": why, "minutes": None}


async def test_who_asks_while_nobody_is_there_is_told(customer: Customer) -> None:
    await in_database(make_agents, able=0, away=2)
    name = await customer.start()
    assert (await customer.escalate(name))["status"] == "pending_manual"
    assert await told(customer, name) == NOBODY
    assert (await state_of(customer, name))["queue"]["able"] == 0


async def test_he_is_told_in_his_language_when_it_opens(customer: Customer) -> None:
    await in_database(close_always)
    name = await customer.start()
    await in_database(ChatSession.objects.update, language="zh-hans")
    await customer.escalate(name)
    text = await told(customer, name)
    assert "09:00" in text
    assert "UTC" in text
    assert "我们" in text


async def test_the_state_says_when_it_opens(customer: Customer) -> None:
    await in_database(close_always)
    name = await customer.start()
    await customer.escalate(name)
    queue = (await state_of(customer, name))["queue"]
    opens_at = datetime.fromisoformat(queue["opens_at"])
    assert (queue["is_open"], opens_at.time()) == (False, time(9))
    assert datetime.now(UTC) < opens_at < datetime.now(UTC) + timedelta(days=4)


async def test_of_who_does_not_wait_nothing_is_said(customer: Customer) -> None:
    name = await customer.start()
    assert (await state_of(customer, name))["queue"] is None


async def test_who_is_told_may_go_on_with_the_bot(customer: Customer) -> None:
    await in_database(make_agents, able=0, away=1)
    name = await customer.start()
    await customer.escalate(name)
    await customer.post(f"/api/sessions/{name}/cancel-escalation")
    assert (await in_database(ChatSession.objects.get)).status == Status.BOT_ACTIVE


SHANGHAI = ZoneInfo("Asia/Shanghai")


def staffing(*, able: int = 1, agents: int = 2, is_open: bool = True, opens_at: datetime | None = None) -> Staffing:
    return Staffing(SHANGHAI, able, agents, is_open, opens_at)


@pytest.mark.parametrize(
    ("there", "text"),
    [
        (staffing(), ASKED),
        (staffing(able=0), NOBODY),
        (staffing(able=0, agents=0), NOBODY),
        (staffing(is_open=False), CLOSED),
        (staffing(is_open=False, able=0), CLOSED),
    ],
)
def test_what_is_told(there: Staffing, text: str) -> None:
    assert notice_of(there, "en")[1:] == (text, "")


@pytest.mark.parametrize(
    ("language", "opening"),
    [("en", "Monday, 30 November, 09:00 (Asia/Shanghai)"), ("zh-hans", "11月30日 星期一 09:00（Asia/Shanghai）")],
)
def test_an_opening_is_told_by_the_teams_clock(language: str, opening: str) -> None:
    there = staffing(is_open=False, opens_at=datetime(2026, 11, 30, 1, tzinfo=UTC))
    assert notice_of(there, language) == ("asked_closed", CLOSED_UNTIL, opening)


# A full queue


async def fill_queue(*, room: int) -> None:
    await in_database(set_up, max_waiting=3)
    for n in range(3 - room):
        await in_database(make_session, f"s-{n}", status=Status.PENDING_MANUAL, waiting_since="2020-01-01T00:00Z")


async def test_a_full_queue_says_so_and_changes_nothing(customer: Customer) -> None:
    await fill_queue(room=0)
    name = await customer.start()
    response = await customer.post(f"/api/sessions/{name}/escalate")
    assert (response.status_code, error_code(response)) == (409, "QUEUE_FULL")
    assert "e-mail" in json.loads(response.content)["error"]["message"]
    session = await in_database(ChatSession.objects.get, name=name)
    assert (session.status, session.version) == (Status.BOT_ACTIVE, 1)


async def test_the_last_place_is_given(customer: Customer) -> None:
    await fill_queue(room=1)
    assert (await customer.escalate(await customer.start()))["position"] == 3


async def test_only_the_teams_own_queue_counts(customer: Customer) -> None:
    await fill_queue(room=0)
    team = await in_database(make_team, is_offered_to_customers=True, max_waiting=1)
    assert (await ask(customer, await customer.start(), team=team.pk))[0] == 202
    assert (await ask(customer, await customer.start(), team=team.pk))[0] == 409


async def test_who_waits_already_is_told_that(customer: Customer) -> None:
    await fill_queue(room=1)
    name = await customer.start()
    await customer.escalate(name)
    response = await customer.post(f"/api/sessions/{name}/escalate")
    assert error_code(response) == "ALREADY_ESCALATED"


async def test_human_first_with_a_full_queue_is_the_bots_and_told_so(customer: Customer) -> None:
    await fill_queue(room=0)
    await in_database(set_up, bot="never")
    name = await customer.start()
    await customer.say(name, "help me")
    assert (await in_database(ChatSession.objects.get, name=name)).status == Status.BOT_ACTIVE
    assert await in_database(BotTurn.objects.exists)
    assert "Too many people" in await told(customer, name)


async def test_the_bot_that_cannot_call_anybody_says_so(customer: Customer) -> None:
    from chatbot.bot.answer_turn import answer_turn

    await fill_queue(room=0)
    name = await customer.start()
    await customer.say(name, "I want to talk to a human")
    turn = await in_database(BotTurn.objects.get)
    assert await answer_turn(turn_id=turn.pk, attempt=turn.attempts)
    assert "Too many people" in await told(customer, name)
    assert await in_database(Message.objects.filter(role="system").count) == 1
