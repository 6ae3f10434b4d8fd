"""`reads_together`: the calls of a while are one job, in which each has its own outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.utils.translation import get_language, override

from chatbot.conversations.errors import NotFound
from chatbot.web import json_api
from chatbot.web.json_api import anybody, reads_together
from realtime.database import read_database


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls went to a database thread at once, each time."""
    sizes: list[int] = []

    async def read_and_note(job: Callable[..., Any], calls: Any) -> Any:
        sizes.append(len(calls))
        return await read_database(job, calls)

    monkeypatch.setattr(json_api, "read_database", read_and_note)
    return sizes


def make(job: Callable[..., Any]) -> Callable[[], Awaitable[Any]]:
    operation = reads_together(access=anybody)(job)
    return lambda: operation(HttpRequest())


async def test_who_calls_alone_is_answered_at_once_and_many_together(jobs: list[int]) -> None:
    order = iter(range(9))
    call = make(lambda request: next(order))
    assert await call() == 0
    tasks = []
    for _ in range(5):
        tasks.append(asyncio.ensure_future(call()))
        await asyncio.sleep(0)  # each comes in a turn of its own
    assert await asyncio.gather(*tasks) == [1, 2, 3, 4, 5]
    assert jobs == [1, 5]


@pytest.mark.parametrize("error", [NotFound(), ValueError("a defect")])
async def test_an_error_is_for_its_own_caller(jobs: list[int], error: Exception) -> None:
    answers = iter([None, error, None])

    def job(request: HttpRequest) -> str:
        if answer := next(answers):
            raise answer
        return "there"

    call = make(job)
    outcomes = await asyncio.gather(call(), call(), call(), return_exceptions=True)
    assert list(outcomes) == ["there", error, "there"]
    assert jobs == [3]


async def test_a_fault_of_the_database_is_for_all(jobs: list[int]) -> None:
    def job(request: HttpRequest) -> None:
        raise OperationalError("locked")

    call = make(job)
    outcomes = await asyncio.gather(call(), call(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OperationalError, OperationalError]


async def test_each_runs_in_the_language_of_its_request(jobs: list[int]) -> None:
    call = make(lambda request: get_language())

    async def call_in(language: str) -> Any:
        with override(language):
            return await call()

    languages = ["en", "zh-hans", "en"]
    assert await asyncio.gather(*(call_in(language) for language in languages)) == languages
    assert jobs == [3]
