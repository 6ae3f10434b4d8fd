"""What all tests share."""

import asyncio
import gc
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from chatbot.knowledge import search
from harness.emptying import empty_quickly
from realtime import database, home
from realtime.database import close_connections
from realtime.process import Process
from realtime.throttled_log import ThrottledLog

QUIET_SECONDS = 30.0
# As in the processes that compute. numpy reads it when it is imported; several threads on a busy machine wait for each
# other ten times as long as they compute.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

COLLECTED_AFTER = (10_000, 20, 20)  # objects of the youngest generation, then collections of the one before


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no search for garbage walks through it, again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


@pytest.fixture(scope="session", autouse=True)
def _no_rate_limits() -> None:
    """All tests of a process come from one address."""
    settings.RATE_LIMITS = {}


@pytest.fixture(scope="session", autouse=True)
def _no_encoder() -> None:
    """It is a process that takes a second to start; who tests it turns it on."""
    settings.BOT_ENCODER = False


@pytest.fixture(autouse=True)
def _nothing_is_known_of_another_tests_knowledge() -> None:
    """Revisions begin anew with each test's database."""
    search.word_index.cache_clear()


@pytest.fixture
def fresh_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fault of the database was logged a moment ago, by another test."""
    monkeypatch.setattr(database, "_faults", ThrottledLog())


@pytest.fixture(autouse=True)
def attachment_folder(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Path:
    """The folder of the storage of files, of this test alone; it is made when something is stored."""
    folder = tmp_path_factory.getbasetemp() / "attachments" / secrets.token_hex(8)
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "attachments": backend}
    return folder


@pytest.fixture(scope="session", autouse=True)
def _databases_are_emptied_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        empty_quickly(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _database_threads_end(django_db_setup: None) -> Iterator[None]:
    """Database threads keep their connection; PostgreSQL drops no database that somebody is connected to."""
    yield
    close_connections()


@pytest.fixture(autouse=True)
def _nothing_is_at_work_when_the_database_goes() -> Iterator[None]:
    """What a test has begun ends before its database is emptied.

    Numbering goes on in the background. It would be in the way of the emptying; and where pytest-django forbids the
    database in the middle of its transaction, Django cannot end that, and holds its locks from then on.
    """
    yield
    here = home.existing()
    process = here.existing(Process) if here is not None and here.loop.is_running() else None
    if here is not None and process is not None:
        asyncio.run_coroutine_threadsafe(process.flush(), here.loop).result(QUIET_SECONDS)
    deadline = time.monotonic() + QUIET_SECONDS
    while not database.is_idle():
        assert time.monotonic() < deadline, "a database thread is still at work"
        time.sleep(0.002)
