"""A conversation on hold does not count as live, until its time has come or its customer writes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from chatbot.conversations.able_agents import loads
from chatbot.models import ChatSession, HistoryEntry, Phase, SessionInterval, Status
from chatbot.tests.database import count_queries
from chatbot.tests.logged import logged, types_on
from chatbot.tests.people import hand_over_to
from realtime import groups
from realtime.database import in_database
from workbench.assignment.holds import end_holds, holds_that_are_over
from workbench.tests.agent import AgentClient, add_session

TOMORROW = "2999-01-01T08:00:00+08:00"


def give_to(username: str) -> None:
    add_session(status=Status.BOT_ACTIVE)
    hand_over_to("s-1", username)


def lines() -> list[tuple[str, str, dict[str, Any]]]:
    return list(HistoryEntry.objects.filter(what__in=("held", "resumed")).values_list("what", "by", "why"))


def holds() -> list[bool]:
    """Of each interval of a hold whether it is over."""
    ends = SessionInterval.objects.filter(phase=Phase.HOLD).values_list("ended_at", flat=True)
    return [end is not None for end in ends]


def is_held() -> bool:
    return ChatSession.objects.filter(held_since__isnull=False).exists()


async def test_its_agent_puts_it_on_hold(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    status, session = await alice.act("s-1", "hold", {"until": TOMORROW})
    assert (status, session["on_hold"], session["status"]) == (200, {"until": "2999-01-01T00:00:00Z"}, "manual_live")
    assert (await alice.read("/api/sessions/s-1"))[1]["on_hold"] == session["on_hold"]


async def test_without_a_time_it_is_until_the_customer_writes(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    assert (await alice.act("s-1", "hold"))[1]["on_hold"] == {"until": None}
    assert (await alice.act("s-1", "resume"))[1]["on_hold"] is None


async def test_a_supervisor_may(carol: AgentClient) -> None:
    await in_database(give_to, "alice")
    assert (await carol.act("s-1", "hold"))[0] == 200
    assert (await carol.act("s-1", "resume"))[0] == 200


@pytest.mark.parametrize("verb", ["hold", "resume"])
async def test_a_colleague_may_not(bob: AgentClient, verb: str) -> None:
    await in_database(give_to, "alice")
    status, content = await bob.act("s-1", verb)
    assert (status, content["error"]["code"]) == (403, "NOT_ASSIGNEE")
    assert not await in_database(is_held)


@pytest.mark.parametrize("verb", ["hold", "resume"])
@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.PENDING_MANUAL, Status.CLOSED])
async def test_only_what_is_live_is_held(carol: AgentClient, verb: str, status: Status) -> None:
    await in_database(add_session, status=status)
    answer, content = await carol.act("s-1", verb)
    assert (answer, content["error"]["code"]) == (409, "INVALID_STATUS")


@pytest.mark.parametrize(
    "until", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00", "soon", 5, "9999-12-31T23:59:59-14:00", ""]
)
async def test_a_time_that_is_over_or_none_is_refused(alice: AgentClient, until: object) -> None:
    await in_database(give_to, "alice")
    status, content = await alice.act("s-1", "hold", {"until": until})
    assert (status, content["error"]["code"]) == (400, "INVALID_UNTIL")
    assert not await in_database(is_held)
    assert await in_database(lines) == []


async def test_it_is_no_load(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    assert (await in_database(loads))[alice.agent.user.pk] == 1
    await alice.act("s-1", "hold")
    assert (await in_database(loads))[alice.agent.user.pk] == 0


async def test_the_desk_hears_of_it_and_the_customer_does_not(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    version = (await alice.act("s-1", "hold"))[1]["version"]
    await alice.act("s-1", "resume")
    told = [event["payload"] for event in await in_database(logged, groups.BROADCAST)]
    assert [(each["on_hold"], each["version"]) for each in told] == [({"until": None}, version), (None, version + 1)]
    assert await in_database(types_on, groups.session("s-1")) == []


async def test_history_and_intervals_say_so(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    await alice.act("s-1", "hold", {"until": TOMORROW})
    await alice.act("s-1", "resume")
    why = {"code": "held_until", "until": "2999-01-01 00:00"}
    assert await in_database(lines) == [("held", "agent", why), ("resumed", "agent", {})]
    assert await in_database(holds) == [True]
    assert await in_database(SessionInterval.objects.filter(phase=Phase.LIVE, ended_at=None).count) == 1


async def test_the_same_again_does_nothing(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    first, again = [(await alice.act("s-1", "hold"))[1] for _ in range(2)]
    assert first["version"] == again["version"]
    assert len(await in_database(lines)) == 1
    await alice.act("s-1", "resume")
    assert (await alice.act("s-1", "resume"))[0] == 200
    assert len(await in_database(lines)) == 2


async def test_the_time_can_be_changed(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    await alice.act("s-1", "hold")
    assert (await alice.act("s-1", "hold", {"until": TOMORROW}))[1]["on_hold"]["until"]
    assert await in_database(holds) == [False]


async def test_the_agents_message_does_not_end_it(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    await alice.act("s-1", "hold")
    assert (await alice.reply("s-1", "I shall ask my colleagues."))[0] == 201
    assert await in_database(is_held)


async def test_it_ends_when_its_time_has_come(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await alice.act("s-1", "hold", {"until": until}))[0] == 200
    assert await in_database(end_holds) == 0
    await in_database(ChatSession.objects.update, hold_until=Now() - timedelta(seconds=1))
    assert await in_database(end_holds) == 1
    assert (await in_database(lines))[-1] == ("resumed", "system", {"code": "hold_over"})
    assert await in_database(holds) == [True]
    assert await in_database(end_holds) == 0


async def test_looking_for_it_is_one_query(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    await alice.act("s-1", "hold")
    assert len(await count_queries(lambda: in_database(end_holds))) == 1


@pytest.mark.parametrize("verb", ["release", "close", "requeue"])
async def test_what_moves_it_on_ends_it(alice: AgentClient, verb: str) -> None:
    await in_database(give_to, "alice")
    await alice.act("s-1", "hold")
    assert (await alice.act("s-1", verb))[1]["on_hold"] is None
    assert await in_database(holds) == [True]


async def test_lists_say_what_is_on_hold(alice: AgentClient) -> None:
    await in_database(give_to, "alice")
    await alice.act("s-1", "hold")
    response = await alice.get("/api/sessions?mine=1")
    assert [item["on_hold"] for item in json.loads(response.content)["items"]] == [{"until": None}]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL goes by what it has counted")
@pytest.mark.django_db
def test_a_look_reads_only_the_holds_that_are_over() -> None:
    assert "session_hold" in holds_that_are_over().order_by("hold_until").explain()
