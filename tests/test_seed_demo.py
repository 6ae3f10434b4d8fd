"""Data to look at: what it is made of, and that it leaves everything else alone."""

import random
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from chatbot.conversations.closing import last_closing
from chatbot.conversations.handover_summary import sum_up
from chatbot.models import (
    ChatSession,
    Closing,
    Language,
    Message,
    Presence,
    PresenceHolder,
    Role,
    Status,
)
from chatbot.tests.customer import make_session
from config.management.commands.dev import sample_line
from realtime.models import ChannelHead, LoggedEvent
from workbench.access.agents import Agent
from workbench.demo.agents import create_demo_agents
from workbench.demo.conversations import Teller
from workbench.demo.seed import make_samples
from workbench.lists.unread import unread_counts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _same_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sixty conversations it may be, seldom, that nobody who waits has asked by the button."""
    monkeypatch.setattr("secrets.randbits", random.Random(7).getrandbits)


@pytest.fixture(autouse=True)
def _demo_agents(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    create_demo_agents("pass-word-1")


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("seed_demo", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_there_are_as_many_as_asked_for_in_every_status_and_language() -> None:
    run("--sessions", "60")
    assert ChatSession.objects.count() == 60
    assert set(ChatSession.objects.values_list("status", flat=True)) == set(Status)
    assert set(ChatSession.objects.values_list("language", flat=True)) == set(Language)


def test_one_conversation_is_enough() -> None:
    run("--sessions", "1")
    assert ChatSession.objects.count() == 1


def test_lengths_differ() -> None:
    run("--sessions", "100")
    lengths = list(Message.objects.values("session").annotate(n=Count("id")).values_list("n", flat=True))
    assert min(lengths) < 8
    assert max(lengths) > 50


def test_who_is_live_has_an_agent_and_who_waits_a_time() -> None:
    run("--sessions", "60")
    live = ChatSession.objects.filter(status=Status.MANUAL_LIVE)
    assert live.count() == live.exclude(assignee=None).count() > 0
    assert not ChatSession.objects.filter(status=Status.PENDING_MANUAL, waiting_since=None).exists()


def test_who_asked_for_an_agent_has_what_was_said_before_and_why() -> None:
    """What the bot would sum up of the same messages, and the words by which people called."""
    run("--sessions", "60")
    for session in ChatSession.objects.exclude(status=Status.BOT_ACTIVE):
        said = Message.objects.filter(session=session).order_by("id")
        asked = said.filter(sender="system:asked").get()
        before = said.filter(id__lt=asked.pk).last()
        assert before is not None
        wish = before if before.role == Role.CUSTOMER else None
        session.status, reason, summary = Status.BOT_ACTIVE, session.escalation_reason, session.handover_summary
        is_over = session.closed_at is not None
        assert reason == ("" if is_over or wish is None else wish.content)
        assert summary == sum_up(session, before=before.pk if wish else asked.pk) != ""
    waiting = ChatSession.objects.filter(status=Status.PENDING_MANUAL)
    assert waiting.filter(escalation_reason="").exists()
    assert waiting.exclude(escalation_reason="").exists()


def test_times_go_forward_in_each_conversation() -> None:
    run("--sessions", "10")
    for session in ChatSession.objects.all():
        times = list(Message.objects.filter(session=session).order_by("id").values_list("created_at", flat=True))
        assert times == sorted(times)
        assert times[-1] == session.last_activity_at


def test_versions_count_the_notices() -> None:
    """As if each change had been made, so that the next one has a number of its own."""
    run("--sessions", "20")
    for session in ChatSession.objects.all():
        assert session.version == 1 + Message.objects.filter(session=session, role=Role.SYSTEM).count()


def test_the_log_stays_as_it_is() -> None:
    before = ChannelHead.objects.count()
    run("--sessions", "20")
    run("--remove")
    assert (ChannelHead.objects.count(), LoggedEvent.objects.count()) == (before, 0)


def test_open_desks_hear_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr("workbench.demo.seed.send_many", lambda items: sent.extend(event.type for _, event in items))
    run("--sessions", "20")
    assert sent.count("transfer_request") == 2 * ChatSession.objects.filter(status=Status.PENDING_MANUAL).count() > 0


def test_removing_takes_its_own_rows_alone() -> None:
    kept = make_session("s-1")
    run("--sessions", "60")
    assert "removed 60" in run("--remove")
    assert list(ChatSession.objects.all()) == [kept]
    assert not Message.objects.exists()


def test_an_agent_has_read_what_came_before_the_last_answer() -> None:
    run("--sessions", "150")
    alice = Agent(User.objects.get(username="alice"), is_supervisor=False)
    mine = list(ChatSession.objects.filter(assignee=alice.user))
    unread = unread_counts(mine, alice)
    waiting = [session for session in mine if session.unanswered_since]
    assert set(unread) == {session.pk for session in waiting}
    assert max(unread.values()) < 5


def test_what_ended_says_how_and_some_of_it_is_rated() -> None:
    run("--sessions", "100")
    closed = ChatSession.objects.filter(status=Status.CLOSED)
    assert Closing.objects.count() == closed.count()
    assert all(last_closing(session) for session in closed)
    assert 0 < Closing.objects.exclude(score=None).count() < closed.count()


def test_removing_takes_what_people_did_in_them_since() -> None:
    run("--sessions", "10")
    session = ChatSession.objects.first()
    assert session is not None
    holder = PresenceHolder.objects.create(name="p-1", lease_until=timezone.now())
    Presence.objects.create(session=session, holder=holder)
    run("--remove")
    with connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute("SELECT count(*) FROM chatbot_presence")
        assert cursor.fetchone() == (0,)


def test_adding_twice_adds() -> None:
    for _ in range(2):
        run("--sessions", "5")
    assert ChatSession.objects.count() == 10


def test_conversations_differ() -> None:
    teller = Teller(random.Random(1))
    told = [teller.tell(language=Language.CHINESE, status=Status.CLOSED, topics=2) for _ in range(200)]
    assert len({tuple(line.content for line in each.lines) for each in told}) == 200


@pytest.mark.parametrize("language", list(Language))
def test_the_question_is_one_and_not_the_word_for_a_human(language: Language) -> None:
    teller = Teller(random.Random(2))
    for _ in range(50):
        assert teller.tell(language=language, status=Status.PENDING_MANUAL, topics=1).question.count("{") == 0
        question = teller.tell(language=language, status=Status.PENDING_MANUAL, topics=1).question
        assert any(mark in question for mark in "?？")


def test_notices_are_in_the_language_of_the_conversation() -> None:
    run("--sessions", "40")
    notices = Message.objects.filter(role=Role.SYSTEM, session__language=Language.CHINESE)
    assert notices.exists()
    assert not notices.filter(content__startswith="An agent").exists()


@pytest.mark.parametrize("arguments", [["--sessions", "0"], ["--sessions", "x"], []])
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert not ChatSession.objects.exists()


def test_without_the_demo_agents_it_says_what_to_do() -> None:
    User.objects.all().delete()
    with pytest.raises(CommandError, match="create_demo"):
        run("--sessions", "5")


def test_samples_are_made_in_an_empty_database_only() -> None:
    assert make_samples() == ChatSession.objects.count() > 0
    assert make_samples() == 0


def test_samples_show_each_state_in_both_languages() -> None:
    make_samples()
    assert set(ChatSession.objects.values_list("status", flat=True)) == set(Status)
    assert set(ChatSession.objects.values_list("language", flat=True)) == set(Language)
    assert ChatSession.objects.filter(status=Status.MANUAL_LIVE, assignee__username="alice").count() == 1


def test_sample_data_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_DATA", "off")
    assert sample_line() == ""
    assert not ChatSession.objects.exists()


def test_the_greeting_tells_of_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_DATA", "on")
    assert "seed_demo --remove" in sample_line()
