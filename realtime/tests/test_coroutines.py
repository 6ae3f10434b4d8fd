"""Coroutines that are run by hand behave as in a task."""

import asyncio

import pytest

from realtime import coroutines


async def test_what_does_not_wait_is_done_at_once() -> None:
    done = []

    async def work() -> None:
        done.append("all")

    assert coroutines.begin(work()) is None
    assert done == ["all"]


async def test_what_waits_is_begun_at_once_and_finished_in_a_task() -> None:
    gate = asyncio.Event()
    done = []

    async def work() -> None:
        done.append("begun")
        await gate.wait()
        async with asyncio.timeout(5):  # the rest has a task of its own
            await asyncio.sleep(0)
        done.append("finished")

    rest = coroutines.begin(work())
    assert done == ["begun"]
    assert rest is not None
    gate.set()
    await rest
    assert done == ["begun", "finished"]


async def test_an_error_before_the_first_wait_is_raised_and_one_after_it_is_the_tasks() -> None:
    async def fail(waits: bool) -> None:
        if waits:
            await asyncio.sleep(0)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        coroutines.begin(fail(waits=False))
    rest = coroutines.begin(fail(waits=True))
    assert rest is not None
    with pytest.raises(OSError, match="gone"):
        await rest


async def test_cancelling_the_task_reaches_the_coroutine() -> None:
    seen = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    rest = coroutines.begin(work())
    assert rest is not None
    await asyncio.sleep(0)
    rest.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rest
    assert seen == ["cancelled"]


async def test_each_wait_is_told_before_it_begins() -> None:
    told = []

    async def work() -> str:
        told.append("a")
        await asyncio.sleep(0)
        told.append("b")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        return "result"

    assert await coroutines.tell_of_waits(work(), lambda: told.append("wait")) == "result"
    assert told == ["a", "wait", "b", "wait"]


async def test_without_a_wait_nothing_is_told() -> None:
    async def work() -> str:
        return "result"

    assert await coroutines.tell_of_waits(work(), lambda: pytest.fail("there is no wait")) == "result"
