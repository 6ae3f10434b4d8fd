"""`/readyz` says that nothing can be written or read, and never waits for long itself."""

import asyncio
import json

import pytest
from django.test import AsyncClient

from realtime.database import in_database, read_database, seconds_without_a_writer
from realtime.serving import health
from realtime.tests.conftest import DEADLINE_SECONDS, until
from realtime.tests.test_database import a_job_that_hangs

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = (503, "busy")
OK = (200, "ok")


async def readiness() -> tuple[int, str]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        answer = await AsyncClient().get("/readyz")
    return answer.status_code, json.loads(answer.content)["database"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MAX_SECONDS_WITHOUT_A_WRITER", 0.2)


@pytest.mark.usefixtures("impatient")
async def test_not_ready_while_no_thread_for_writing_comes_free() -> None:
    async with a_job_that_hangs(in_database):
        await until(lambda: seconds_without_a_writer() > 0.2)
        assert await readiness() == BUSY
    await until(lambda: seconds_without_a_writer() == 0)
    assert await readiness() == OK


async def test_not_ready_while_reads_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_job_that_hangs(read_database):
        with monkeypatch.context() as shorter:
            shorter.setattr(health, "READY_WITHIN_SECONDS", 0.1)
            assert await readiness() == BUSY
    assert await readiness() == OK


async def test_ready_with_threads_that_have_just_begun() -> None:
    async with a_job_that_hangs(in_database):
        assert await readiness() == OK
