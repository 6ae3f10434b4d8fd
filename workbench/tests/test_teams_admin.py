"""Teams in the administration: members, hours and rules, and errors that say what to do."""

from datetime import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatbot.conversations.teams import default_team
from chatbot.models import MAX_TEAMS, ChatSession, HistoryEntry, OpeningHours, SessionInterval, Status, Team
from chatbot.tests.logged import types_on
from chatbot.tests.people import make_agent, make_team
from realtime import groups
from workbench.tests.agent import add_session

pytestmark = pytest.mark.django_db

ADD = "/admin/chatbot/team/add/"
FORM = {
    "name": "Billing",
    "assignment": "offer",
    "offer_seconds": "20",
    "when_silent": "requeue",
    "bot": "after_hours",
    "time_zone": "Asia/Shanghai",
    **{f"{inline}-{count}_FORMS": "0" for inline in ("members", "hours", "holidays") for count in ("TOTAL", "INITIAL")},
}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


def with_hours(*hours: tuple[str, str, str]) -> dict[str, str]:
    """The form with opening hours: (weekday, opens, closes)."""
    rows = {"hours-TOTAL_FORMS": str(len(hours))}
    for n, row in enumerate(hours):
        rows |= {
            f"hours-{n}-{field}": value for field, value in zip(("weekday", "opens_at", "closes_at"), row, strict=True)
        }
    return FORM | rows


def add(admin: Client, **fields: Any) -> Any:
    return admin.post(ADD, FORM | fields)


def errors_of(response: Any) -> str:
    """All that the page says is wrong."""
    context = response.context
    inlines = [each.formset for each in context["inline_admin_formsets"]]
    return str(
        [
            context["adminform"].errors,
            *(formset.errors for formset in inlines),
            *(each.non_form_errors() for each in inlines),
        ]
    )


def test_a_team_is_made_with_members_and_hours(admin: Client) -> None:
    alice = make_agent("alice")
    members = {"members-TOTAL_FORMS": "1", "members-0-agent": str(alice.pk)}
    response = admin.post(ADD, with_hours(("0", "09:00", "12:00"), ("0", "12:00", "18:00")) | members)
    assert response.status_code == 302
    team = Team.objects.get(name="Billing")
    assert (team.bot, team.time_zone) == ("after_hours", "Asia/Shanghai")
    assert [member.agent for member in team.members.all()] == [alice]
    assert [hours.opens_at for hours in team.hours.all()] == [time(9), time(12)]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"time_zone": "Mars/Base"}, "There is no such time zone"),
        ({"bot": "sometimes"}, "Write first, never, after_hours, or above:N"),
        ({"bot": "above:"}, "Write first, never, after_hours, or above:N"),
        (with_hours(("0", "09:00", "13:00"), ("0", "12:00", "18:00")), "overlap"),
        (with_hours(("0", "12:00", "13:00"), ("0", "09:00", "18:00")), "overlap"),
        (with_hours(("0", "18:00", "09:00")), "It must open before it closes"),
        ({"name": "Support"}, "already exists"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_made(admin: Client, fields: dict[str, str], says: str) -> None:
    default_team()
    response = add(admin, **fields)
    assert response.status_code == 200
    assert says in errors_of(response)
    assert Team.objects.count() == 1


def test_the_same_hours_on_another_day_do_not_overlap(admin: Client) -> None:
    assert admin.post(ADD, with_hours(("0", "09:00", "18:00"), ("1", "09:00", "18:00"))).status_code == 302


def test_there_are_only_so_many_teams(admin: Client) -> None:
    for n in range(Team.objects.count(), MAX_TEAMS):
        make_team(f"team {n}")
    response = add(admin)
    assert "as many as can be" in errors_of(response)
    team = Team.objects.get(name="team 5")
    assert admin.post(f"/admin/chatbot/team/{team.pk}/change/", FORM).status_code == 302


def test_time_zones_are_suggested(admin: Client) -> None:
    page = admin.get(ADD).content.decode()
    assert '<option value="Asia/Shanghai">' in page


def test_the_default_team_is_changed_but_not_deleted(admin: Client) -> None:
    team = default_team()
    path = f"/admin/chatbot/team/{team.pk}"
    assert admin.post(f"{path}/change/", FORM | {"name": "Help"}).status_code == 302
    assert admin.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [team.pk], "post": "yes"}
    admin.post("/admin/chatbot/team/", selected)
    assert Team.objects.get().name == "Help"
    assert Team.objects.get().is_default


def delete(admin: Client, team: Team) -> None:
    response = admin.post(f"/admin/chatbot/team/{team.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302, response.content


def test_who_waits_for_a_deleted_team_waits_for_the_default_team(admin: Client) -> None:
    team = make_team()
    OpeningHours.objects.create(team=team, weekday=0, opens_at=time(9), closes_at=time(18))
    for n in range(2):
        add_session(f"s-{n}", team=team)
    before = ChatSession.objects.get(name="s-0")
    delete(admin, team)
    session = ChatSession.objects.get(name="s-0")
    assert (session.team, session.status, session.waiting_since) == (None, Status.PENDING_MANUAL, before.waiting_since)
    assert session.version == before.version + 1
    assert [(line.what, line.agent and line.agent.username) for line in session.history.all()] == [("moved", "root")]
    assert [each.team for each in SessionInterval.objects.filter(session=session, ended_at=None)] == [None]


def test_both_teams_hear_of_it(admin: Client) -> None:
    team = make_team()
    add_session("s-1", team=team)
    delete(admin, team)
    assert types_on(groups.channel("team", str(team.pk))) == ["session_updated"]
    assert types_on(groups.BROADCAST) == ["session_updated", "transfer_request", "status_change"]


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.MANUAL_LIVE, Status.CLOSED])
def test_what_does_not_wait_goes_on_as_it_was(admin: Client, status: Status) -> None:
    team = make_team()
    add_session("s-1", status, "alice" if status == Status.MANUAL_LIVE else "", team=team)
    delete(admin, team)
    session = ChatSession.objects.get()
    assert (session.status, session.team, session.version) == (status, None, 1)
    assert not HistoryEntry.objects.exists()


def count_queries(admin: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert admin.get("/admin/chatbot/team/").status_code == 200
    return len(captured)


def test_the_list_costs_the_same_for_any_number_of_teams(admin: Client) -> None:
    make_team("team 0", "alice")
    one = count_queries(admin)
    for n in range(1, 20):
        make_team(f"team {n}", f"agent-{n}", "alice")
    assert count_queries(admin) == one
