"""What operators do from a shell: agents begin, empty chairs are found, the queues are looked at."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from chatbot.models import AgentState, ChatSession, HistoryEntry, SessionInterval, Status, TeamMember
from chatbot.tests.people import hand_over_to, make_agent, make_team
from workbench.access.agents import SUPERVISORS
from workbench.tests.ableness import disconnect, make_able
from workbench.tests.agent import add_session

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a-long-password-1"


def run(*args: str) -> list[str]:
    output = StringIO()
    call_command(*args, stdout=output)
    return output.getvalue().splitlines()


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_PASSWORD", PASSWORD)


# create_agent


def test_an_agent_is_created() -> None:
    make_team("Billing")
    make_team("Sales")
    run(
        "create_agent",
        "dora",
        "--name",
        "Dora",
        "--supervisor",
        "--team",
        "Billing",
        "--team",
        "Sales",
        "--capacity",
        "3",
    )
    dora = User.objects.get()
    assert authenticate(username="dora", password=PASSWORD) == dora
    assert (dora.get_full_name(), dora.groups.get().name) == ("Dora", SUPERVISORS)
    assert set(TeamMember.objects.values_list("team__name", flat=True)) == {"Billing", "Sales"}
    assert AgentState.objects.get().capacity == 3


def test_without_more_it_is_an_agent_of_the_default_team() -> None:
    assert run("create_agent", "dora") == ["created the agent dora"]
    assert not TeamMember.objects.exists()
    assert not User.objects.get().groups.exists()


def test_who_exists_is_not_changed() -> None:
    make_agent("dora", "Dora")
    with pytest.raises(CommandError, match="dora already; nothing was changed"):
        run("create_agent", "dora", "--name", "Another", "--supervisor")
    assert User.objects.get().first_name == "Dora"
    assert not User.objects.get().groups.exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["do ra"], "A-Z a-z 0-9"),
        (["d" * 65], "1 to 64"),
        (["dora", "--team", "Nobody"], "There is no team Nobody. There are: Support"),
        (["dora", "--capacity", "-1"], "from 0 to 1000"),
        (["dora", "--capacity", "many"], "invalid int value"),
        (["dora", "--name", "n" * 151], "150"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(args: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run("create_agent", *args)
    assert not User.objects.exists()


@pytest.mark.parametrize(("password", "said"), [("short", "at least 10"), ("", "AGENT_PASSWORD")])
def test_a_bad_password_is_refused(monkeypatch: pytest.MonkeyPatch, password: str, said: str) -> None:
    monkeypatch.setenv("AGENT_PASSWORD", password)
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match=said):
        run("create_agent", "dora")
    assert not User.objects.exists()


# requeue_stale


def leave_behind(username: str, minutes_ago: int, name: str = "s-1") -> None:
    """A live session of an agent whose last page was closed so long ago."""
    add_session(name, status=Status.BOT_ACTIVE)
    hand_over_to(name, username)
    moment = Now() - timedelta(minutes=minutes_ago)
    SessionInterval.objects.filter(session__name=name).update(began_at=moment)
    AgentState.objects.update_or_create(agent=make_agent(username), defaults={"last_seen_at": moment})


def status_of(name: str = "s-1") -> str:
    return ChatSession.objects.get(name=name).status


def test_what_nobody_looks_at_goes_back() -> None:
    leave_behind("alice", minutes_ago=11)
    assert run("requeue_stale", "--minutes", "10") == ["s-1: alice has no page open", "re-queued 1 conversations"]
    assert status_of() == Status.PENDING_MANUAL
    line = HistoryEntry.objects.last()
    assert line is not None
    assert (line.what, line.by, line.why["code"]) == ("requeued", "system", "vanished")


def be_here() -> None:
    make_able("alice")


def have_been_here() -> None:
    AgentState.objects.update(last_seen_at=Now() - timedelta(minutes=9))


def get_it_later() -> None:
    SessionInterval.objects.update(began_at=Now())


def put_it_on_hold() -> None:
    ChatSession.objects.update(held_since=Now())


@pytest.mark.parametrize("but", [be_here, have_been_here, get_it_later, put_it_on_hold])
def test_what_somebody_looks_after_stays(but: Callable[[], None]) -> None:
    leave_behind("alice", minutes_ago=11)
    but()
    assert run("requeue_stale", "--minutes", "10") == ["re-queued 0 conversations"]
    assert status_of() == Status.MANUAL_LIVE


def test_that_of_a_deactivated_agent_goes_back_at_once() -> None:
    leave_behind("alice", minutes_ago=0)
    User.objects.update(is_active=False)
    assert run("requeue_stale", "--minutes", "10") == ["s-1: alice was deactivated", "re-queued 1 conversations"]
    assert status_of() == Status.PENDING_MANUAL


def test_a_session_of_before_intervals_counts_from_its_last_activity() -> None:
    add_session(status=Status.MANUAL_LIVE, assignee="alice", last_activity_at=Now() - timedelta(minutes=11))
    assert run("requeue_stale", "--minutes", "10")[0] == "s-1: alice has no page open"


def test_a_dry_run_does_nothing() -> None:
    leave_behind("alice", minutes_ago=11)
    output = run("requeue_stale", "--minutes", "10", "--dry-run")
    assert output == ["s-1: alice has no page open", "would re-queue 1 conversations"]
    assert status_of() == Status.MANUAL_LIVE


@pytest.mark.parametrize("minutes", ["-1", "ten", "99999"])
def test_a_period_that_is_none_is_refused(minutes: str) -> None:
    leave_behind("alice", minutes_ago=11)
    with pytest.raises(CommandError, match="whole number of minutes"):
        run("requeue_stale", "--minutes", minutes)
    assert status_of() == Status.MANUAL_LIVE


# queue_status


def test_the_queues_are_shown_by_team() -> None:
    billing = make_team("Billing")
    make_able("alice")
    make_able("bob", team=billing)
    make_able("carol", team=billing, able_since=None)
    make_able("dora", team=billing)
    disconnect("dora")
    add_session("s-1", waiting_since=Now() - timedelta(seconds=3_661))
    add_session("s-2", Status.MANUAL_LIVE, "bob", team=billing)
    [headings, support, other] = [line.split() for line in run("queue_status")]
    assert headings == ["team", "waiting", "longest", "wait", "able", "connected", "live", "offers"]
    assert (support[:2], support[2][:5], support[3:]) == (["Support", "1"], "1:01:", ["1", "1", "0", "0"])
    assert other == ["Billing", "0", "-", "1", "2", "1", "0"]
