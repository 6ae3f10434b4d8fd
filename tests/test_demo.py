"""The demonstration can be set up again and again."""

from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.models import User
from django.db import connection

from chatbot.knowledge.entries import phrasings
from chatbot.knowledge.sample import demo_entries, load_demo_answers
from chatbot.models import AvailabilityReason, KnowledgeEntry
from workbench.access.agents import SUPERVISORS
from workbench.demo.agents import create_demo_agents
from workbench.demo.reasons import REASONS, create_demo_reasons

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """A hash that is meant to be slow is what these tests would mostly do."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_the_demo_agents_can_log_in() -> None:
    create_demo_agents("pass-word-1")
    for username in ("alice", "bob", "carol"):
        assert authenticate(username=username, password="pass-word-1")


def test_carol_is_a_supervisor_with_the_admin() -> None:
    create_demo_agents("pass-word-1")
    carol = User.objects.get(groups__name=SUPERVISORS)
    assert (carol.username, carol.get_full_name(), carol.is_staff, carol.is_superuser) == ("carol", "Carol", True, True)


def test_agents_are_created_once() -> None:
    for _ in range(2):
        create_demo_agents("pass-word-1")
    assert User.objects.count() == 3


def test_the_same_password_again_leaves_logins_alone() -> None:
    create_demo_agents("pass-word-1")
    before = User.objects.get(username="alice").password
    create_demo_agents("pass-word-1")
    assert User.objects.get(username="alice").password == before


def test_another_password_is_set() -> None:
    create_demo_agents("pass-word-1")
    create_demo_agents("pass-word-2")
    assert authenticate(username="alice", password="pass-word-2")


def test_no_transaction_waits_for_a_password_to_be_hashed() -> None:
    """It would hold its locks for seconds, idle."""
    depth = len(connection.savepoint_ids)  # of this test
    depths = set()
    hasher = get_hasher()
    encode = hasher.encode

    def note_depth(*args: Any, **kwargs: Any) -> str:
        depths.add(len(connection.savepoint_ids))
        return encode(*args, **kwargs)

    with mock.patch.object(hasher, "encode", note_depth):
        create_demo_agents("pass-word-1")
        create_demo_agents("pass-word-2")
    assert depths == {depth}


def test_there_are_answers_to_the_same_questions_in_both_languages() -> None:
    load_demo_answers()
    by_language = {
        language: {key.rpartition("-")[2] for key in keys.values_list("key", flat=True)}
        for language in ("en", "zh-hans")
        if (keys := KnowledgeEntry.objects.filter(language=language))
    }
    assert by_language["en"] == by_language["zh-hans"]
    assert len(by_language["en"]) >= 15


def test_each_answer_is_known_by_many_ways_to_ask_for_it_that_no_other_has() -> None:
    asked = [phrasings(entry) for entry in demo_entries()]
    assert min(len(ways) for ways in asked) > 15
    every = [way.lower() for ways in asked for way in ways]
    assert len(set(every)) == len(every)


def test_edited_answers_stay_as_they_are() -> None:
    load_demo_answers()
    count = KnowledgeEntry.objects.count()
    KnowledgeEntry.objects.update(answer="edited")
    load_demo_answers()
    assert set(KnowledgeEntry.objects.values_list("answer", flat=True)) == {"edited"}
    assert KnowledgeEntry.objects.count() == count


def test_reasons_to_be_away_are_made_once_and_stay_deleted() -> None:
    for _ in range(2):
        create_demo_reasons()
    count = AvailabilityReason.objects.count()
    assert count == sum(len(texts) for texts in REASONS.values())
    AvailabilityReason.objects.filter(text="Lunch").delete()
    create_demo_reasons()
    assert AvailabilityReason.objects.count() == count - 1
