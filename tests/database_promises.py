"""What must hold on the database that production uses; tests/sideways/ runs these against PostgreSQL.

Not collected by name: on SQLite, where a transaction locks everything, there is nothing to see.
"""

import contextlib
import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.test import RequestFactory
from django.utils import timezone
from limits import parse
from psycopg.errors import LockNotAvailable

from chatbot.bot import turns
from chatbot.conversations import presence
from chatbot.conversations.errors import AttachmentNotFound, QueueEmpty, RateLimited
from chatbot.conversations.locking import lock_session
from chatbot.customers.actions.escalate import escalate
from chatbot.customers.actions.give_feedback import give_feedback
from chatbot.customers.actions.post_customer_message import post_customer_message
from chatbot.models import (
    AgentState,
    AnswerFeedback,
    Assignment,
    Attachment,
    BotTurn,
    ChatSession,
    Message,
    Offer,
    Presence,
    Role,
    Status,
    Team,
)
from harness.threads import THREADS, run_at_once
from realtime import api, database, log
from realtime.api import Event
from realtime.database import in_database, retry_on_deadlock
from realtime.groups import BROADCAST, Channel, session
from realtime.log import leases
from workbench.access.agents import Agent
from workbench.access.login_attempts import begin_attempt
from workbench.actions.requeue import requeue_stranded
from workbench.actions.take_next import take_next
from workbench.assignment.drain import look
from workbench.models import LoginAttempt
from workbench.tests.ableness import make_able

pytestmark = pytest.mark.django_db(transaction=True)

TAKERS = 20
MOVES = 20


def test_this_is_postgresql() -> None:
    assert connection.vendor == "postgresql"


def test_the_pool_has_more_connections_than_the_database_threads_keep() -> None:
    pool = connection.settings_dict["OPTIONS"]["pool"]
    assert pool["max_size"] >= 2 * database.POSTGRES_THREADS + 4


def test_numbers_have_no_holes_under_concurrent_writers() -> None:
    def write() -> list[int | None]:
        return [api.broadcast("tick", {}) for _ in range(25)]

    numbers = run_at_once(*[write] * THREADS)
    assert sorted(number for each in numbers for number in each) == list(range(1, 25 * THREADS + 1))


def test_transactions_that_send_to_the_same_channels_do_not_deadlock() -> None:
    channels = [session("s-1"), session("s-2"), BROADCAST]

    def write(order: list[Channel]) -> int:
        for _ in range(25):
            api.send_many([(channel, Event("tick", {})) for channel in order])
        return 25

    assert run_at_once(lambda: write(channels), lambda: write(channels[::-1])) == [25, 25]
    assert {head.last for head in log.heads(channels).values()} == {50}


def test_one_of_many_messages_gets_a_file() -> None:
    """Of the same session, and each with another file, in another order."""
    session = ChatSession.objects.create(name="s-1")
    for number in range(2):
        Attachment.objects.create(
            id=f"{number:022}", session=session, role=Role.CUSTOMER, name="a.txt", type="text/plain", size_bytes=1
        )

    def post(number: int) -> bool:
        ids = [f"{each:022}" for each in range(2)][:: -1 if number % 2 else 1]
        try:
            post_customer_message(
                session_name="s-1", content="", client_id=f"c-{number}", credentials=None, attachments=ids
            )
        except AttachmentNotFound:
            return False
        return True

    assert sorted(run_at_once(*(partial(post, number) for number in range(THREADS))))[-2:] == [False, True]
    [message] = Message.objects.all()
    assert set(Attachment.objects.values_list("message", flat=True)) == {message.pk}


def test_opinions_at_once_are_one_row_that_says_what_the_message_says() -> None:
    session = ChatSession.objects.create(name="s-1")
    answer = Message.objects.create(session=session, role=Role.BOT, sender=Role.BOT, content="Yes.", client_id="bot-1")

    def tell(is_helpful: bool) -> None:
        for _ in range(20):
            give_feedback(session_name="s-1", message_id=str(answer.pk), is_helpful=is_helpful, credentials=None)

    for _ in range(5):
        AnswerFeedback.objects.all().delete()  # who is first writes the row
        assert run_at_once(*(partial(tell, number % 2 == 0) for number in range(THREADS))) == [None] * THREADS
        answer.refresh_from_db()
        assert (answer.reply or {})["helpful"] == AnswerFeedback.objects.get().is_helpful


def lock_in_order(channels: list[Channel], both_hold_one: threading.Barrier) -> str:
    """A transaction that breaks the rule of one send_many, so that two of them deadlock."""
    with transaction.atomic():
        api.send_to_session(channels[0].removeprefix("sse_session_"), "tick", {})
        with contextlib.suppress(threading.BrokenBarrierError):  # at a further attempt nobody is waited for
            both_hold_one.wait(10)
        both_hold_one.abort()
        api.send_to_session(channels[1].removeprefix("sse_session_"), "tick", {})
    return "done"


def test_a_deadlock_is_survived() -> None:
    channels = [session("s-1"), session("s-2")]
    barrier = threading.Barrier(2)
    results = run_at_once(
        lambda: retry_on_deadlock(lambda: lock_in_order(channels, barrier)),
        lambda: retry_on_deadlock(lambda: lock_in_order(channels[::-1], barrier)),
    )
    assert results == ["done", "done"]
    assert {head.last for head in log.heads(channels).values()} == {2}


def test_without_another_attempt_one_of_them_fails() -> None:
    channels = [session("s-1"), session("s-2")]
    barrier = threading.Barrier(2)
    results = run_at_once(lambda: lock_in_order(channels, barrier), lambda: lock_in_order(channels[::-1], barrier))
    assert [type(result) for result in results if result != "done"] == [OperationalError]


def test_a_lock_is_not_waited_for_for_ever() -> None:
    """What holds it may hang for hours: a stopped process, a machine that was cut off."""
    ChatSession.objects.create(name="s-1")
    with transaction.atomic():
        lock_session("s-1")
        [error] = run_at_once(lambda: escalate(session_name="s-1", reason="", credentials=None))
    assert isinstance(error, OperationalError)
    assert isinstance(error.__cause__, LockNotAvailable)


def test_a_session_that_somebody_has_locked_keeps_no_other_from_its_agent() -> None:
    """Of each that is locked a sweep has something to do: a hold that is over, a customer who waits too long."""
    Team.objects.filter(is_default=True).update(assignment=Assignment.OFFER)
    agent, long_ago = make_able("alice"), timezone.now() - timedelta(hours=1)
    held = {"status": Status.MANUAL_LIVE, "assignee": agent, "held_since": long_ago, "hold_until": long_ago}
    ChatSession.objects.create(name="s-held", **held)
    ChatSession.objects.create(name="s-next", **held)
    ChatSession.objects.create(name="s-waits", status=Status.PENDING_MANUAL, waiting_since=long_ago)
    with transaction.atomic():
        lock_session("s-held")
        assert run_at_once(look) == [True]
    assert Offer.objects.get().session.name == "s-waits"
    assert list(ChatSession.objects.filter(held_since__isnull=False).values_list("name", flat=True)) == ["s-held"]
    assert run_at_once(look) == [True]
    assert not ChatSession.objects.filter(held_since__isnull=False).exists()


def test_an_agent_whom_somebody_has_locked_keeps_no_other_from_a_customer() -> None:
    Team.objects.filter(is_default=True).update(assignment=Assignment.OFFER)
    for number, username in enumerate(("alice", "bob")):
        make_able(username)
        ChatSession.objects.create(name=f"s-{number}", status=Status.PENDING_MANUAL, waiting_since=timezone.now())
    with transaction.atomic():
        AgentState.objects.select_for_update().get(agent__username="alice")
        assert run_at_once(look) == [True]
        assert [offer.receiver.username for offer in Offer.objects.all()] == ["bob"]


def test_a_session_that_somebody_has_locked_keeps_nobody_elses_presence_unknown() -> None:
    for name in ("s-1", "s-2"):
        ChatSession.objects.create(name=name)
    presence.hold("p-1")
    note = partial(presence.change, "p-1", came={"s-1", "s-2"}, went=())
    with transaction.atomic():
        lock_session("s-1")
        assert run_at_once(note) == [{"s-1"}]
        assert list(Presence.objects.values_list("session__name", flat=True)) == ["s-2"]
    assert run_at_once(note) == [set()]
    assert Presence.objects.count() == 2


async def test_a_transaction_that_is_left_open_ends_and_its_thread_goes_on() -> None:
    """As of a process that was stopped and goes on: the server has ended its session, with its locks."""

    def hold_without_a_word() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '100ms'")
            cursor.execute("SELECT pg_backend_pid()")
            watched_until_it_ends(cursor.fetchone()[0])

    with pytest.raises(OperationalError):
        await in_database(hold_without_a_word)
    for _ in range(database.POSTGRES_THREADS):  # whichever of them that was
        assert await in_database(ChatSession.objects.count) == 0


def watched_until_it_ends(backend: int) -> None:
    """Return when a session of the server is over, seen over a connection of its own."""

    def watch() -> None:
        deadline = time.monotonic() + 20
        with connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [backend])
                if cursor.fetchone()[0] == 0:
                    return
                assert time.monotonic() < deadline, "the server ends no idle transaction"

    assert run_at_once(watch) == [None]


def test_every_connection_has_the_limits() -> None:
    with connection.cursor() as cursor:
        for name, value in (("lock_timeout", "1500ms"), ("idle_in_transaction_session_timeout", "5s")):
            cursor.execute("SELECT current_setting(%s)", [name])
            assert cursor.fetchone() == (value,)


def test_a_deadlock_is_found_before_a_lock_is_given_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout')::interval > current_setting('deadlock_timeout')::interval"
        )
        assert cursor.fetchone() == (True,)


def test_a_lease_goes_to_one() -> None:
    taken = run_at_once(*[lambda: leases.take("prune", timedelta(minutes=1))] * THREADS)
    assert sorted(map(bool, taken)) == [False] * (THREADS - 1) + [True]


def test_a_turn_is_claimed_once() -> None:
    owner = ChatSession.objects.create(name="s-1")
    message = Message.objects.create(session=owner, role="customer", sender="customer", content="hi", client_id="c")
    BotTurn.objects.create(message=message, lease_until=owner.created_at)
    claims = run_at_once(*[turns.claim_expired_turns] * THREADS)
    assert sum(len(each) for each in claims) == 1


def test_a_stranded_session_is_requeued_once() -> None:
    gone = User.objects.create(username="alice", is_active=False)
    ChatSession.objects.create(name="s-1", status=Status.MANUAL_LIVE, assignee=gone)
    done = run_at_once(*[partial(requeue_stranded, session_name="s-1")] * THREADS)
    assert sorted(map(bool, done)) == [False] * (THREADS - 1) + [True]
    assert ChatSession.objects.get().version == 2


def test_no_more_logins_than_may_fail_get_through_at_once(settings: Any) -> None:
    settings.RATE_LIMITS = {"address_failures": parse("2/hour")}

    def attempt(round: int, number: int) -> LoginAttempt:
        request = RequestFactory().post("/login/", REMOTE_ADDR=f"203.0.113.{round}")
        return begin_attempt(request, f"user-{number}")

    for round in range(1, 11):
        begun = run_at_once(*[partial(attempt, round, number) for number in range(THREADS)])
        kept = LoginAttempt.objects.filter(address=f"203.0.113.{round}").count()
        assert {type(each) for each in begun} <= {LoginAttempt, RateLimited}
        assert kept == sum(isinstance(each, LoginAttempt) for each in begun) <= 2


def test_a_part_of_the_log_is_bounded_in_bytes_and_never_empty() -> None:
    for size in (10, 10, 30_000, 10, 10):
        api.send_to_session("s-1", "tick", {"text": "x" * size})
    parts = {after: log.read_part(session("s-1"), after, max_bytes=1_000) for after in (0, 2, 3, 5)}
    numbers = {after: [envelope.number for envelope in part] for after, part in parts.items()}
    assert numbers == {0: [1, 2, 3], 2: [3], 3: [4, 5], 5: []}


def test_of_twenty_agents_who_take_the_next_each_gets_one() -> None:
    """Twenty wait, and the first one is whom all of them find first."""
    names = {f"s-{n}" for n in range(TAKERS)}
    ChatSession.objects.bulk_create(
        ChatSession(name=name, status=Status.PENDING_MANUAL, waiting_since=timezone.now()) for name in sorted(names)
    )
    agents = [Agent(User.objects.create(username=f"agent-{n}"), is_supervisor=False) for n in range(TAKERS)]
    taken = run_at_once(*(partial(take_next, agent=agent) for agent in agents))
    assert {session.name for session in taken} == names
    stored = dict(ChatSession.objects.values_list("name", "assignee__username"))
    assert stored == {session.name: agent.id for session, agent in zip(taken, agents, strict=True)}
    [error] = run_at_once(partial(take_next, agent=agents[0]))
    assert isinstance(error, QueueEmpty)


def test_a_customer_who_moves_between_two_processes_ends_as_here() -> None:
    """One process notes that he went while another notes that he came: whoever is later sees what the other wrote."""
    ChatSession.objects.create(name="s-1", status=Status.PENDING_MANUAL)
    told: list[bool] = []
    for _ in range(MOVES):
        for holder in ("p-1", "p-2"):
            presence.hold(holder)
        presence.change("p-1", came={"s-1"}, went=())
        told.clear()
        with mock.patch.object(
            presence, "send_many", lambda items: told.extend(event.payload["customer_online"] for _, event in items)
        ):
            results = run_at_once(
                lambda: presence.change("p-1", came=(), went={"s-1"}),
                lambda: presence.change("p-2", came={"s-1"}, went=()),
            )
        assert results == [set(), set()]
        assert presence.present(list(ChatSession.objects.all()))
        assert told in ([], [False, True])
        presence.change("p-2", came=(), went={"s-1"})
