"""Who is there for a team's customers, counted for one team as for all of them."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from chatbot.conversations.teams import default_team, team_key
from chatbot.conversations.waiting import staffing_by_team, staffing_of
from chatbot.models import AgentPresence, AgentState, PresenceHolder, TeamMember
from chatbot.tests.people import make_agent, make_team

pytestmark = pytest.mark.django_db


def test_the_staff_of_one_team_is_that_of_all_teams() -> None:
    """alice is in both teams, bob in none, so that he serves the default one; carol is away."""
    billing = make_team("Billing", "alice", "carol")
    TeamMember.objects.create(team=default_team(), agent=make_agent("alice"))
    holder = PresenceHolder.objects.create(name="process", lease_until=Now() + timedelta(seconds=20))
    for name, able_since in {"alice": Now(), "bob": Now(), "carol": None}.items():
        AgentState.objects.create(agent=make_agent(name), able_since=able_since)
        AgentPresence.objects.create(agent=make_agent(name), holder=holder)
    now = timezone.now()
    by_team = staffing_by_team(now=now)
    for team, able, agents in ((default_team(), 2, 2), (billing, 1, 2)):
        staff = staffing_of(team, now=now)
        assert (staff.able, staff.agents) == (able, agents)
        assert staff == by_team[team_key(team)]
