"""Who imports waits until every process that lives answers from what was fitted."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from chatbot.knowledge.retrieval.readers import forget_reader, note_reader, wait_for_readers
from chatbot.models import KnowledgeReader

pytestmark = pytest.mark.django_db


def test_where_nobody_answers_there_is_nothing_to_wait_for() -> None:
    assert wait_for_readers(5, within_seconds=0)


def test_who_answers_from_an_older_fit_is_waited_for() -> None:
    note_reader("a", 4)
    assert not wait_for_readers(5, within_seconds=0)


def test_who_answers_from_this_fit_or_a_later_one_is_not() -> None:
    note_reader("a", 4)
    note_reader("a", 5)
    note_reader("b", 6)
    assert wait_for_readers(5, within_seconds=0)


def test_who_has_ended_is_not() -> None:
    note_reader("a", 4)
    forget_reader("a")
    assert wait_for_readers(5, within_seconds=0)


def test_who_has_ended_without_a_word_is_not() -> None:
    note_reader("a", 4)
    KnowledgeReader.objects.update(noted_at=Now() - timedelta(seconds=30))
    assert wait_for_readers(5, within_seconds=0)
