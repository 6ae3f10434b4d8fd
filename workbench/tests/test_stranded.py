"""The live conversations of an agent who is deactivated go back to the queue, however it was done."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client

from chatbot.conversations.errors import ApiError
from chatbot.models import ChatSession, Message, Status
from chatbot.tests.logged import logged, types_on
from realtime import groups
from realtime.database import in_database
from realtime.log import leases
from workbench.actions.close import close
from workbench.actions.reply import reply
from workbench.actions.requeue import requeue_stranded
from workbench.actions.take_over import take_over
from workbench.assignment import stranded
from workbench.assignment.stranded import TURN, find_stranded, requeue_sessions_of, requeue_stranded_sessions, sweep
from workbench.selectors import queue_page
from workbench.tests.agent import add_session, make_colleague

pytestmark = pytest.mark.django_db(transaction=True)

ATTEMPTS = 20
ASKED_AT = datetime(2020, 1, 1, tzinfo=UTC)
NOTICES = {"en": "The agent is no longer available.", "zh-hans": "客服已无法继续为您服务。"}


def add_live(name: str = "s-1", assignee: str = "alice", **fields: Any) -> None:
    """A live session, as it is after a customer has waited."""
    add_session(name, Status.MANUAL_LIVE, assignee, escalation_reason="why", last_message="help", **fields)
    ChatSession.objects.filter(name=name).update(waiting_since=ASKED_AT)


def deactivate(username: str = "alice") -> None:
    """As a sync job or somebody in psql does it."""
    User.objects.filter(username=username).update(is_active=False)


def statuses() -> dict[str, str]:
    return dict(ChatSession.objects.values_list("name", "status"))


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="pass-word-1"))
    return client


# What happens to the session


def test_it_waits_since_the_customer_asked() -> None:
    add_live()
    add_session("s-later")
    deactivate()
    assert requeue_stranded(session_name="s-1")
    session = ChatSession.objects.get(name="s-1")
    assert (session.status, session.assignee, session.waiting_since) == (Status.PENDING_MANUAL, None, ASKED_AT)


def test_every_desk_hears_of_it_as_of_a_request() -> None:
    add_live()
    add_session("s-later")
    deactivate()
    requeue_stranded(session_name="s-1")
    request, change = logged(groups.BROADCAST)
    assert (request["type"], request["source"]) == ("transfer_request", "agent_workbench")
    assert request["payload"].pop("team")["name"] == "Support"
    assert request["payload"] == {
        "session_name": "s-1",
        "waiting_since": "2020-01-01T00:00:00Z",
        "customer": {"name": "", "email": ""},
        "reason": "why",
        "last_message": "help",
        "question": "",
        "language": "en",
        "priority": "normal",
        "labels": [],
        "position": 1,
    }
    assert change["type"] == "status_change"
    assert change["payload"] == {
        "session_name": "s-1",
        "status": "pending_manual",
        "previous": "manual_live",
        "agent": None,
        "version": 2,
    }


@pytest.mark.parametrize("language", NOTICES)
def test_the_customer_reads_why_in_their_language(language: str) -> None:
    add_live(language=language)
    deactivate()
    requeue_stranded(session_name="s-1")
    notice = Message.objects.get()
    assert notice.role == "system"
    assert notice.content.startswith(NOTICES[language])
    assert types_on(groups.session("s-1")) == ["transfer_request", "status_change", "new_message"]


def test_it_is_first_in_the_queue_again() -> None:
    add_live()
    add_session("s-later")
    deactivate()
    requeue_stranded(session_name="s-1")
    items, _ = queue_page(make_colleague("carol"))
    assert [item["session_name"] for item in items] == ["s-1", "s-later"]
    assert items[0]["waiting_since"] == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize("status", [Status.BOT_ACTIVE, Status.PENDING_MANUAL, Status.CLOSED])
def test_a_session_that_is_not_live_stays(status: Status) -> None:
    add_session("s-1", status)
    assert not requeue_stranded(session_name="s-1")
    assert statuses() == {"s-1": status}


def test_a_session_that_is_gone_is_no_fault() -> None:
    assert not requeue_stranded(session_name="s-none")


def test_a_live_session_of_an_active_agent_stays() -> None:
    add_live()
    assert find_stranded() == []
    assert not requeue_stranded(session_name="s-1")


# By the admin


def change_form(user: User, **changes: str) -> dict[str, str]:
    form = {
        "first_name": user.first_name,
        "last_name": "",
        "email": "",
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        **changes,
    }
    return {name: value for name, value in form.items() if value or name != "is_active"}


def test_deactivating_in_the_form_requeues_at_once(admin: Client) -> None:
    add_live()
    add_live("s-2", "bob")
    user = User.objects.get(username="alice")
    response = admin.post(f"/admin/auth/user/{user.pk}/change/", change_form(user, is_active=""))
    assert response.status_code == 302
    assert statuses() == {"s-1": "pending_manual", "s-2": "manual_live"}


def test_another_change_in_the_form_requeues_nothing(admin: Client) -> None:
    add_live()
    user = User.objects.get(username="alice")
    admin.post(f"/admin/auth/user/{user.pk}/change/", change_form(user, first_name="Alicia"))
    assert User.objects.get(pk=user.pk).first_name == "Alicia"
    assert statuses() == {"s-1": "manual_live"}


def test_deactivating_in_the_list_requeues_at_once(admin: Client) -> None:
    add_live()
    add_live("s-2", "bob")
    add_live("s-3", "dave")
    chosen = list(User.objects.filter(username__in=["alice", "bob"]).values_list("pk", flat=True))
    response = admin.post("/admin/auth/user/", {"action": "deactivate", "_selected_action": chosen}, follow=True)
    assert "Deactivated agents: 2" in response.content.decode()
    assert statuses() == {"s-1": "pending_manual", "s-2": "pending_manual", "s-3": "manual_live"}
    assert list(User.objects.filter(is_active=False).values_list("username", flat=True)) == ["alice", "bob"]


def test_an_agent_with_a_live_session_cannot_be_deleted(admin: Client) -> None:
    add_live()
    user = User.objects.get(username="alice")
    admin.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})
    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.usefixtures("fresh_minute")
def test_a_database_that_fails_leaves_it_to_the_sweep_and_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> bool:
        raise OperationalError("locked")

    add_live()
    deactivate()
    monkeypatch.setattr(stranded, "requeue_stranded", fail)
    for _ in range(3):
        requeue_sessions_of(User.objects.values_list("pk", flat=True))
    assert caplog.text.count("the sweep will") == 1


# By the sweep


async def test_the_sweep_finds_agents_who_were_deactivated_otherwise() -> None:
    await in_database(add_live)
    await in_database(add_live, "s-2", "bob")
    await in_database(deactivate)
    await sweep()
    assert await in_database(statuses) == {"s-1": "pending_manual", "s-2": "manual_live"}


async def test_one_process_sweeps() -> None:
    await in_database(add_live)
    await in_database(deactivate)
    assert await in_database(leases.take, "stranded", TURN)
    await sweep()
    assert await in_database(statuses) == {"s-1": "manual_live"}


async def test_a_sweep_that_finds_nothing_writes_nothing() -> None:
    await in_database(add_live)
    await sweep()
    assert await in_database(leases.take, "stranded", TURN)  # nobody has taken it


@pytest.mark.usefixtures("fresh_minute")
async def test_a_session_that_cannot_be_had_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_once(*, session_name: str) -> bool:
        if session_name == "s-1":
            raise OperationalError("locked")
        return requeue_stranded(session_name=session_name)

    await in_database(add_live)
    await in_database(add_live, "s-2")
    await in_database(deactivate)
    monkeypatch.setattr(stranded, "requeue_stranded", fail_once)
    await sweep()
    assert await in_database(statuses) == {"s-1": "manual_live", "s-2": "pending_manual"}
    assert "session=s-1" in caplog.text


async def test_the_job_sweeps_again_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = asyncio.Event()
    calls: list[int] = []

    async def sweep_after_a_fault() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("away")
        swept.set()

    monkeypatch.setattr(stranded, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(stranded, "sweep", sweep_after_a_fault)
    job = asyncio.create_task(requeue_stranded_sessions())
    await asyncio.wait_for(swept.wait(), 30)
    job.cancel()


# Races


def race(*actions: Callable[[], object]) -> list[object]:
    """What each of them, begun at the same time on a thread of its own, returned or how it was refused."""

    def run(action: Callable[[], object]) -> object:
        try:
            return action()
        except ApiError as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as threads:
        return [each.result() for each in [threads.submit(run, action) for action in actions]]


def begin_race(attempt: int) -> str:
    User.objects.update(is_active=True)
    name = f"s-{attempt}"
    add_live(name)
    deactivate()
    return name


def requeues_of(name: str) -> int:
    return types_on(groups.session(name)).count("transfer_request")


def test_two_sweeps_requeue_once() -> None:
    for attempt in range(ATTEMPTS):
        name = begin_race(attempt)
        done = race(*[partial(requeue_stranded, session_name=name)] * 2)
        assert sorted(map(bool, done)) == [False, True]
        assert requeues_of(name) == 1


def test_a_supervisor_who_takes_it_has_it() -> None:
    """Before the sweep or after it: no change is lost, and the session ends with the supervisor."""
    carol = make_colleague("carol", is_supervisor=True)
    for attempt in range(ATTEMPTS):
        name = begin_race(attempt)
        race(
            partial(requeue_stranded, session_name=name),
            partial(take_over, session_name=name, agent=carol, force=True),
        )
        session = ChatSession.objects.get(name=name)
        assert (session.status, session.assignee) == (Status.MANUAL_LIVE, carol.user)
        assert session.version == 2 + requeues_of(name)


def test_a_reply_comes_before_the_requeue_or_not_at_all() -> None:
    """By a call that was let in just before the agent was deactivated."""
    alice = make_colleague("alice")
    for attempt in range(ATTEMPTS):
        name = begin_race(attempt)
        _, replied = race(
            partial(requeue_stranded, session_name=name),
            partial(reply, session_name=name, agent=alice, content="hi", client_id="a-1"),
        )
        roles = list(Message.objects.filter(session__name=name).order_by("id").values_list("role", flat=True))
        assert roles == (["system"] if replied == "INVALID_STATUS" else ["agent", "system"])


def test_a_session_that_is_closed_meanwhile_stays_closed() -> None:
    alice = make_colleague("alice")
    for attempt in range(ATTEMPTS):
        name = begin_race(attempt)
        race(
            partial(requeue_stranded, session_name=name),
            partial(close, session_name=name, agent=alice),
        )
        assert ChatSession.objects.get(name=name).status == Status.CLOSED
