"""What a process knows of the knowledge base follows its changes; so does the index of words; when it is fitted."""

import asyncio
import itertools
import time
from typing import Any

import pytest

from chatbot.knowledge.entries import current_revision, delete_entries, write_entries, write_entry
from chatbot.knowledge.full_text import WordIndex
from chatbot.knowledge.language import is_in_chinese
from chatbot.knowledge.mirror import Known, Mirror
from chatbot.knowledge.retrieval import fitting, job
from chatbot.knowledge.retrieval.fitting import FitFailed, fit, fitted_revision
from chatbot.knowledge.retrieval.in_use import archive_name
from chatbot.models import FittedKnowledge, KnowledgeEntry, KnowledgeRevision
from realtime.database import in_database

HANGS = ["sleep", "600"]
PATIENCE_SECONDS = 60.0  # far less than what hangs would take


def entry(key: str, question: str, alternatives: str = "", *, is_active: bool = True) -> KnowledgeEntry:
    return KnowledgeEntry(
        key=key, language="en", question=question, alternatives=alternatives, answer="Yes.", is_active=is_active
    )


@pytest.mark.django_db
def test_a_mirror_tells_what_came_changed_and_went() -> None:
    mirror = Mirror()
    write_entries(
        [entry("a", "First?", "one\n\n two  words "), entry("b", "Second?"), entry("c", "Third?", is_active=False)]
    )
    assert mirror.refresh() == {"a", "b"}
    assert mirror.entries["a"] == Known("a", "en", ("First?", "one", "two words"))
    assert mirror.refresh() == set()
    write_entries([entry("a", "First?", "one\n\n two  words "), entry("b", "Second, changed?")])
    assert mirror.refresh() == {"b"}
    delete_entries(["a"])
    assert mirror.refresh() == {"a"}
    assert set(mirror.entries) == {"b"}


@pytest.mark.django_db
def test_a_mirror_hears_of_what_is_switched_off_and_of_another_key() -> None:
    mirror = Mirror()
    write_entries([entry("a", "First?"), entry("b", "Second?")])
    mirror.refresh()
    first, second = KnowledgeEntry.objects.get(key="a"), KnowledgeEntry.objects.get(key="b")
    first.is_active = False
    write_entry(first)
    second.key = "z"
    write_entry(second)
    assert mirror.refresh() == {"a", "b", "z"}
    assert set(mirror.entries) == {"z"}


@pytest.mark.django_db
def test_a_mirror_begins_anew_over_another_database() -> None:
    mirror = Mirror()
    write_entries([entry("a", "First?")])
    write_entries([entry("b", "Second?")])
    mirror.refresh()
    KnowledgeEntry.objects.filter(key="a").delete()
    KnowledgeEntry.objects.filter(key="b").update(question="Restored?", revision=1)
    KnowledgeRevision.objects.update(revision=1)
    assert mirror.refresh() == {"a", "b"}
    assert mirror.entries["b"].question == "Restored?"


@pytest.mark.django_db
def test_the_index_of_words_follows_changes() -> None:
    index = WordIndex()
    write_entries([entry("a", "Where is my parcel?"), entry("b", "How do I pay?")])
    index.refresh()
    assert [known.key for _, known in index.rank("my parcel")] == ["a"]
    write_entries([entry("a", "Is it raining?")])
    index.refresh()
    assert index.rank("my parcel") == []
    assert [known.key for _, known in index.rank("will it be raining")] == ["a"]


def test_of_a_large_base_the_entries_with_the_rarest_words_are_looked_into() -> None:
    rare = ["".join(letters) for letters in itertools.product("bcdfghjklm", repeat=4)]
    index = WordIndex(Known(word, "en", (f"Where is the common parcel {word}?",)) for word in rare)
    assert index.rank("where is the common parcel mmmk")[0][1].key == "mmmk"


@pytest.mark.parametrize(
    ("text", "is_chinese"),
    [
        ("播放 All Things Must Pass", True),
        ("搜索《The Sound of One Hand Clapping》", True),
        ("我的 iPhone 坏了", True),
        ("What does 你好 mean in English?", False),
        ("where is my order", False),
        ("???", False),
    ],
)
def test_a_chinese_sentence_may_hold_a_title_in_another_language(text: str, is_chinese: bool) -> None:
    assert is_in_chinese(text) == is_chinese


def test_it_is_fitted_when_nothing_changes_any_more() -> None:
    waiting = job.Waiting()
    assert not waiting.is_due(revision=5, fitted=4, now=10)
    assert not waiting.is_due(revision=6, fitted=4, now=15)
    assert waiting.is_due(revision=6, fitted=4, now=20)
    assert not waiting.is_due(revision=6, fitted=6, now=25)


def test_it_is_fitted_though_changes_go_on() -> None:
    waiting = job.Waiting()
    due = [waiting.is_due(revision=10 + look, fitted=4, now=100 + 5 * look) for look in range(14)]
    assert due == [False] * 12 + [True] * 2


@pytest.mark.django_db
def test_where_the_encoder_is_off_nothing_is_fitted() -> None:
    write_entries([entry("a", "First?")])
    assert fit() == current_revision()
    assert fitted_revision() == 0


@pytest.mark.django_db(transaction=True)
async def test_the_job_fits(settings: Any) -> None:
    settings.BOT_ENCODER = True
    await in_database(write_entries, [entry("a", "First?"), entry("b", "Second?")])
    assert await job.run_fit()
    assert await in_database(fitted_revision) == await in_database(current_revision)


@pytest.mark.django_db(transaction=True)
async def test_a_fit_that_fails_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(job, "command", lambda *what: ["false"])
    assert not await job.run_fit()
    assert "could not be fitted" in caplog.text


@pytest.mark.django_db(transaction=True)
async def test_a_fit_that_hangs_is_ended_and_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(job, "command", lambda *what: HANGS)
    monkeypatch.setattr(job, "LONGEST_FIT_SECONDS", 0.1)
    monkeypatch.setattr(job, "RENEW_SECONDS", 0.05)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert not await job.run_fit()
    assert [record.getMessage().split(":")[0] for record in caplog.records if record.levelname == "ERROR"] == [
        "the process that fits the knowledge base hung"
    ]


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_fit_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """What was fitted before stays."""
    settings.BOT_ENCODER = True
    FittedKnowledge.objects.create(revision=1, encoder=archive_name(), archive=b"")
    write_entries([entry("a", "First?")])
    write_entries([entry("b", "Second?")])
    monkeypatch.setattr(fitting, "command", lambda *what: HANGS)
    monkeypatch.setattr(fitting, "LONGEST_FIT_SECONDS", 0.1)
    began = time.monotonic()
    with pytest.raises(FitFailed, match="It hung: it was ended after"):
        fit()
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert fitted_revision() == 1
