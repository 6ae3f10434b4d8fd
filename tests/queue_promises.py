"""What the queue engine promises under a race; test_queue_race.py runs it on SQLite, tests/sideways/ on PostgreSQL."""

import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from chatbot.conversations import lifecycle
from chatbot.conversations.history import CUSTOMER
from chatbot.conversations.locking import lock_session
from chatbot.models import Assignment, ChatSession, HistoryEntry, Offer, SessionInterval, Status, Team, What
from harness.programs import ROOT
from realtime.models import LoggedEvent
from tests.queue_race import AGENTS, READY, SESSIONS, agent_name, session_name
from workbench.tests.ableness import make_able

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT_SECONDS = 190.0
PROCESSES = 2
GOT_IT = (What.TAKEN, What.ACCEPTED)


@pytest.fixture
def database_url() -> str:
    """Of the test's database, for other processes."""
    settings: dict[str, Any] = connection.settings_dict
    host, port = settings["HOST"], settings["PORT"]
    return f"postgres://{settings['USER']}:{settings['PASSWORD']}@{host}:{port}/{settings['NAME']}"


def begin() -> None:
    """200 customers wait, 50 agents could take any number of them."""
    Team.objects.update(assignment=Assignment.OFFER, lapse_makes_away=False, offer_seconds=1_000)
    for number in range(AGENTS):
        make_able(agent_name(number), capacity=20)
    for number in range(SESSIONS):
        ChatSession.objects.create(name=session_name(number))
        with transaction.atomic():
            locked = lock_session(session_name(number))
            lifecycle.escalate(locked.session, actor=CUSTOMER, reason="", now=locked.now)


def run_race(database_url: str) -> None:
    """All agents at once, half of them in each process, with a job of assignment in both."""
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
        for racer in racers:
            _, errors = racer.communicate(timeout=LIMIT_SECONDS)
            assert racer.returncode == 0, errors
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()


def check() -> None:
    """Each session has one agent; each change of hands is in the history, the intervals and the log, once."""
    sessions = {session.name: session for session in ChatSession.objects.select_related("assignee")}
    assert {session.status for session in sessions.values()} == {Status.MANUAL_LIVE}
    lines: dict[str, list[HistoryEntry]] = {name: [] for name in sessions}
    for line in HistoryEntry.objects.select_related("session", "agent").order_by("id"):
        lines[line.session.name].append(line)
    for name, session in sessions.items():
        first = Counter(line.what for line in lines[name])
        assert first[What.ESCALATED] == 1
        assert sum(first[what] for what in GOT_IT) == 1, f"{name} was given out more than once"
        hands = [line.agent for line in lines[name] if line.what in (*GOT_IT, What.TRANSFERRED)]
        assert hands[-1] == session.assignee
        assert session.version == 1 + 1 + len(hands)
        live = SessionInterval.objects.filter(session=session, phase="live").order_by("id")
        assert [interval.agent for interval in live] == hands
        assert [interval.ended_at is None for interval in live] == [False] * (len(hands) - 1) + [True]
        changes = LoggedEvent.objects.filter(channel=f"sse_session_{name}", type="status_change").count()
        assert changes == len(hands)
    check_offers(lines)


def check_offers(lines: dict[str, list[HistoryEntry]]) -> None:
    """Every offer has its line; what its receiver accepted has him as the next agent."""
    for name, entries in lines.items():
        offers = list(Offer.objects.filter(session__name=name).order_by("id"))
        counts = Counter(line.what for line in entries)
        assert counts[What.OFFERED] == len(offers)
        ends = Counter(offer.end for offer in offers)
        assert ends["declined"] == counts[What.DECLINED]
        assert ends["withdrawn"] == counts[What.WITHDRAWN]
        assert all(offer.sender_id is not None for offer in offers if offer.ended_at is None)
    assert not Offer.objects.filter(ended_at=None, session__status=Status.PENDING_MANUAL).exists()
    assert not Offer.objects.filter(made_at__gt=Now()).exists()


def test_50_agents_race_for_200_sessions(database_url: str) -> None:
    begin()
    run_race(database_url)
    check()
