"""What has happened today, for the agent who asks."""

import urllib.parse
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatbot.models import ChatSession, Closing, Status
from chatbot.tests.customer import error_code
from chatbot.tests.database import count_queries
from realtime.database import in_database
from workbench.tests.agent import AgentClient, add_session


async def today(agent: AgentClient, since: datetime) -> Any:
    return await agent.get(f"/api/today?since={urllib.parse.quote(since.isoformat())}")


def an_hour_ago() -> datetime:
    return timezone.now() - timedelta(hours=1)


def score(name: str, score: int) -> None:
    Closing.objects.filter(session__name=name).update(score=score)


async def test_it_counts_the_day_of_everybody_and_ones_own_ends(alice: AgentClient, bob: AgentClient) -> None:
    for name, assignee in (("s-1", "alice"), ("s-2", "alice"), ("s-3", "alice"), ("s-4", "bob")):
        await in_database(add_session, name=name, status=Status.MANUAL_LIVE, assignee=assignee)
    for name in ("s-1", "s-2", "s-3"):
        assert (await alice.act(name, "close"))[0] == 200
    assert (await bob.act("s-4", "close"))[0] == 200
    await in_database(score, "s-1", 5)
    await in_database(score, "s-2", 2)
    await in_database(score, "s-4", 1)
    _, figures = await alice.read(f"/api/today?since={urllib.parse.quote(an_hour_ago().isoformat())}")
    assert figures == {"begun": 4, "closed_by_me": 3, "ratings": 2, "rating": 3.5}


async def test_yesterday_does_not_count(alice: AgentClient) -> None:
    await in_database(add_session)
    await in_database(lambda: ChatSession.objects.update(created_at=timezone.now() - timedelta(hours=20)))
    _, figures = await alice.read(f"/api/today?since={urllib.parse.quote(an_hour_ago().isoformat())}")
    assert figures == {"begun": 0, "closed_by_me": 0, "ratings": 0, "rating": None}


@pytest.mark.parametrize(
    "since",
    [
        *("", "?since=soon", "?since=2020-01-01T00:00:00Z", "?since=2026-11-24T00:00:00"),
        "?since=9999-12-31T23:59:59-23:59",  # beyond all times of UTC
        "?since=0001-01-01T00:00:00%2B23:59",
    ],
)
async def test_a_day_that_is_none_is_refused(alice: AgentClient, since: str) -> None:
    response = await alice.get(f"/api/today{since}")
    assert (response.status_code, error_code(response)) == (400, "INVALID_QUERY")


async def test_it_costs_two_queries_beside_the_login(alice: AgentClient) -> None:
    assert len(await count_queries(lambda: today(alice, an_hour_ago()))) == 4
