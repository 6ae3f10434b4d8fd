"""A range of minutes is told only where the last hours give one."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from chatbot.conversations.usual_waits import ENOUGH, usual_minutes
from chatbot.models import ChatSession, Phase, SessionInterval
from chatbot.tests.customer import Customer, make_session
from chatbot.tests.people import make_team
from realtime.database import in_database

pytestmark = pytest.mark.django_db


def wait(minutes: int, *, ago_hours: float = 1, is_taken: bool = True, **fields: Any) -> None:
    """A wait of so many minutes that began some time ago, and ended with an agent or without one."""
    session = make_session(f"w-{ChatSession.objects.count()}")
    began = timezone.now() - timedelta(hours=ago_hours)
    ended = began + timedelta(minutes=minutes)
    SessionInterval.objects.create(session=session, phase=Phase.WAITING, began_at=began, ended_at=ended, **fields)
    if is_taken:
        SessionInterval.objects.create(session=session, phase=Phase.LIVE, began_at=ended, **fields)


def test_three_of_five_waits_were_so_long() -> None:
    for minutes in range(1, 11):
        wait(minutes)
    assert usual_minutes(None) == [3, 8]


def test_quick_answers_are_a_minute_at_most() -> None:
    for _ in range(ENOUGH):
        wait(0)
    assert usual_minutes(None) == [0, 1]


@pytest.mark.parametrize("fields", [{"ago_hours": 4}, {"is_taken": False}])
def test_waits_of_long_ago_or_without_an_agent_do_not_count(fields: dict[str, Any]) -> None:
    for _ in range(ENOUGH - 1):
        wait(5)
    wait(5, **fields)
    assert usual_minutes(None) is None


def test_each_team_has_its_own() -> None:
    team = make_team()
    for _ in range(ENOUGH):
        wait(5, team=team)
    assert (usual_minutes(team.pk), usual_minutes(None)) == ([5, 5], None)


def test_who_waits_still_does_not_count() -> None:
    for _ in range(ENOUGH - 1):
        wait(5)
    SessionInterval.objects.create(session=make_session("s-now"), phase=Phase.WAITING, began_at=Now())
    assert usual_minutes(None) is None


@pytest.mark.django_db(transaction=True)
async def test_who_waits_is_told_the_range(customer: Customer) -> None:
    name = await customer.start()
    await customer.escalate(name)
    for _ in range(ENOUGH):
        await in_database(wait, 5)
    state = json.loads((await customer.get(f"/api/sessions/{name}")).content)
    assert state["queue"]["minutes"] == [5, 5]
