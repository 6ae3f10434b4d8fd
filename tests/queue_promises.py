"""What the queue engine promises under a race; test_queue_race.py runs it on SQLite, tests/sideways/ on PostgreSQL."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from chatbot.conversations.locking import lock_session
from chatbot.conversations.places import Place, place_of
from chatbot.customers.actions.escalate import escalate
from chatbot.models import (
    Assignment,
    ChatSession,
    HistoryEntry,
    Offer,
    Priority,
    QueueRule,
    SessionInterval,
    Status,
    Team,
    What,
)
from chatbot.tests.people import make_agent, make_team
from harness.programs import ROOT, wait_until
from realtime.models import LoggedEvent
from tests.queue_race import AGENTS, READY, SESSIONS, SUPERVISORS, agent_name, session_name
from tests.queue_replay import Line, Move, Phase, Replay
from tests.queue_writers import REASONS, Ledger, read_ledgers
from workbench.tests.ableness import make_able

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT_SECONDS = 190.0
PROCESSES = 2
# By which a session's hands change: whoever was told yes has one of these, and whoever has one was told.
HANDS = (What.TAKEN, What.ACCEPTED, What.TRANSFERRED, What.REQUEUED)


@pytest.fixture
def database_url() -> str:
    """Of the test's database, for other processes."""
    settings: dict[str, Any] = connection.settings_dict
    host, port = settings["HOST"], settings["PORT"]
    return f"postgres://{settings['USER']}:{settings['PASSWORD']}@{host}:{port}/{settings['NAME']}"


def set_up_desk(agents: int) -> None:
    """Two teams that offer, agents who could take any number, of whom half serve both, and rules of each kind."""
    billing = make_team()
    Team.objects.update(assignment=Assignment.OFFER, lapse_makes_away=False, offer_seconds=1_000)
    default = Team.objects.get(is_default=True)
    for number in range(agents):
        agent = make_able(agent_name(number), capacity=1_000, team=default)
        if number % 2:
            make_able(agent.username, capacity=1_000, team=billing)
    QueueRule.objects.create(name="refunds", words="refund", team=billing, priority=Priority.HIGH, label="money")
    QueueRule.objects.create(name="orders", words="order", team=billing, label="order", waited_seconds=0)
    QueueRule.objects.create(name="long", words="order", priority=Priority.HIGH, waited_seconds=0)


def begin() -> None:
    """Half of the customers wait; the others will ask while the race is on."""
    with transaction.atomic():  # one write to the disk, not five for each agent
        set_up_desk(AGENTS)
        for name in SUPERVISORS:
            make_agent(name)
    ChatSession.objects.bulk_create(ChatSession(name=session_name(number)) for number in range(SESSIONS))
    for number in range(SESSIONS):
        if number % 2:
            escalate(session_name=session_name(number), reason=REASONS[number % len(REASONS)], credentials=None)


def run_race(database_url: str) -> Ledger:
    """All at once, half of them in each process, with a job of assignment in both; what they were told."""
    environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": "", "LOG_LEVEL": "ERROR"}
    racers = []
    for first in range(PROCESSES):
        numbers = map(str, range(first, AGENTS, PROCESSES))
        command = [sys.executable, "-m", "tests.queue_race", *numbers]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        racers.append(subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes))  # type: ignore[call-overload]
    try:
        for racer in racers:
            assert racer.stdout.readline().strip() == READY, racer.stderr.read()
        for racer in racers:
            racer.stdin.write("\n")
            racer.stdin.flush()
        return read_ledgers([_end_of(racer) for racer in racers])
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()


def _end_of(racer: subprocess.Popen[str]) -> str:
    printed, errors = racer.communicate(timeout=LIMIT_SECONDS)
    assert racer.returncode == 0, errors
    return printed


def check(ledger: Ledger, supervisors: Iterable[str] = SUPERVISORS, after: int = 0) -> None:
    """Of the sessions whose id is above `after`.

    Each session has one agent; each change of hands is in history, intervals and log, and was told, once."""
    replays = {}
    raced = ChatSession.objects.filter(pk__gt=after)
    for session in raced.select_related("assignee"):
        history = HistoryEntry.objects.filter(session=session).select_related("agent").order_by("id")
        lines = [Line(row.what, row.at, row.agent.username if row.agent else None, row.why) for row in history]
        played = replays[session.name] = Replay(lines, frozenset(supervisors))
        assert session.status == played.status == Status.MANUAL_LIVE, session.name
        assert session.assignee is not None
        assert (session.assignee.username, session.version) == (played.agent, played.version), session.name
        assert phases_of(session) == played.phases, session.name
        assert moves_of(session) == played.moves, session.name
        check_offers(session, played)
    check_told(ledger, replays)
    assert not Offer.objects.filter(ended_at=None, session__in=raced, session__status=Status.PENDING_MANUAL).exists()
    assert not Offer.objects.filter(made_at__gt=Now()).exists()
    decided = {rule for played in replays.values() for line in played.lines for rule in line.why.get("rules", [])}
    assert decided == set(QueueRule.objects.values_list("name", flat=True))


def phases_of(session: ChatSession) -> list[Phase]:
    """Its intervals; the open one has the team that it is in."""
    rows = SessionInterval.objects.filter(session=session).order_by("id")
    assert rows.get(ended_at=None).team_id == session.team_id
    assert not rows.filter(ended_at__lt=F("began_at")).exists()
    return [Phase(*row) for row in rows.values_list("phase", "agent__username", "began_at", "ended_at")]


def moves_of(session: ChatSession) -> list[Move]:
    """What the log tells the customer of its status."""
    rows = LoggedEvent.objects.filter(channel=f"sse_session_{session.name}", type="status_change").order_by("id")
    told = [json.loads(envelope)["payload"] for envelope in rows.values_list("envelope", flat=True)]
    return [Move(each["status"], each["agent"] and each["agent"]["id"], each["version"]) for each in told]


def check_offers(session: ChatSession, played: Replay) -> None:
    """Every offer has its line, and its end."""
    offers = list(Offer.objects.filter(session=session).select_related("sender", "receiver"))
    counts, ends = Counter(line.what for line in played.lines), Counter(offer.end for offer in offers)
    assert counts[What.OFFERED] == len(offers)
    assert ends["declined"] == counts[What.DECLINED]
    assert ends["withdrawn"] >= counts[What.WITHDRAWN]  # what nobody has any more withdraws it without a line
    assert ends["expired"] == counts[What.EXPIRED]
    assert ends["accepted"] >= counts[What.ACCEPTED] + counts[What.TRANSFERRED]  # or taken by its receiver
    open_ones = [(offer.sender and offer.sender.username, offer.receiver.username) for offer in offers if not offer.end]
    assert open_ones == ([played.offer] if played.offer else []), session.name


def check_told(ledger: Ledger, replays: Mapping[str, Replay]) -> None:
    """Of all writers of one version exactly one was told that he has won; without a line nobody was."""
    told = {(each.session, each.version): each.who for each in ledger.told}
    assert len(told) == len(ledger.told), "two were told the same"
    won = {(name, version): win for name, played in replays.items() for version, win in played.won.items()}
    wrong = [each for each in ledger.told if won.get((each.session, each.version), ("", ""))[1] != each.who]
    assert not wrong, f"told that they had won: {wrong}, of {won}"
    untold = [key for key, (what, _) in won.items() if what in HANDS and key not in told]
    assert len(untold) <= ledger.unknown, f"nobody was told of {untold}"


def test_who_waited_for_a_session_knows_who_has_it_now() -> None:
    """Not who had it when he began to wait."""
    for name in ("alice", "bob"):
        make_agent(name)
    for former in ("", "alice"):
        name = f"s-{former}"
        ChatSession.objects.create(name=name, assignee=User.objects.filter(username=former).first())
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                ChatSession.objects.select_for_update().get(name=name)
                waiting = pool.submit(assignee_under_lock, name)
                wait_until("somebody waits for the lock", is_waited_for)
                ChatSession.objects.filter(name=name).update(assignee=User.objects.get(username="bob"))
            assert waiting.result() == "bob"


def test_who_waited_for_his_lock_comes_after_those_who_were_told_their_places() -> None:
    """By the first waiting time he is served before; the place of the other one counts him all the same not."""
    for name in ("s-late", "s-early"):
        ChatSession.objects.create(name=name)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            ChatSession.objects.select_for_update().get(name="s-late")
            late = pool.submit(ask, "s-late")
            wait_until("somebody waits for the lock", is_waited_for)
            assert pool.submit(ask, "s-early").result() == 1
        late.result()
    assert place_of(ChatSession.objects.get(name="s-early")) == Place(rank=2, shown=1)


def ask(name: str) -> int:
    try:
        return escalate(session_name=name, reason="", credentials=None)[1]
    finally:
        connection.close()


def assignee_under_lock(name: str) -> str | None:
    try:
        with transaction.atomic():
            session = lock_session(name).session
            return session.assignee.username if session.assignee else None
    finally:
        connection.close()


def is_waited_for() -> bool:
    """Whether somebody waits for this transaction; those of the server's other databases wait now and then, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks AS held JOIN pg_locks AS wanted USING (transactionid)"
            " WHERE held.pid = pg_backend_pid() AND NOT wanted.granted"
        )
        return cursor.fetchone() is not None


def test_50_agents_race_for_200_sessions(database_url: str) -> None:
    begin()
    check(run_race(database_url))
