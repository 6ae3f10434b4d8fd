"""Running a coroutine by hand, where one more turn of the event loop would be felt: 50 µs in a process that slept."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


def begin(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run a coroutine up to its first wait, now, and the rest in a task; None if there was no wait.

    Raises what the first part raises. That part has no task of its own, so that asyncio.timeout cannot be in it.
    (Python 3.12 has eager tasks for this.)
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    return asyncio.create_task(_finish(coroutine, awaited))


async def tell_of_waits(coroutine: Coroutine[Any, Any, T], about_to_wait: Callable[[], None]) -> T:
    """Run a coroutine in the caller's task; before each of its waits call `about_to_wait`, which must not raise."""
    try:
        awaited = coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    return await _continue(coroutine, awaited, about_to_wait)


async def _finish(coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
    await _continue(coroutine, awaited, lambda: None)


@types.coroutine
def _continue(
    coroutine: Coroutine[Any, Any, T], awaited: Any, about_to_wait: Callable[[], None]
) -> Generator[Any, Any, T]:
    """Go on with a coroutine that waits for a future: it is handed to the running task, and its outcome handed back."""
    try:
        while True:
            about_to_wait()
            try:
                outcome = yield awaited
            except BaseException as error:  # noqa: BLE001  the task's own: passed on to where it belongs
                awaited = coroutine.throw(error)
            else:
                awaited = coroutine.send(outcome)
    except StopIteration as end:
        result: T = end.value
        return result
