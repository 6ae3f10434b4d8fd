"""An older service: it knows only realtime.sse. `python -m tests.old_service PART`, told what to do on standard input.

Each line of input is answered by one line of JSON. PART is one of `get`, `subscribe` (readers) and `send`:

    get, subscribe    TARGET…                    take up these targets; answers "ready"
                      N                          the `i` of the next N payloads of each target, a list for each
    send              one FIRST END TARGET…      send {"i": FIRST} … {"i": END - 1} to each; answers "sent"
                      flood FIRST END TARGET…    the same, in few transactions
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import django

TEXT = "x" * 2_000  # what is kept shows in the size of the process


async def lines() -> AsyncIterator[list[str]]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.split()


def answer(content: Any) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


async def read(make: Callable[[str], Callable[[], Any]]) -> None:
    """`make` gives for a target the function that waits for its next payload."""
    taking: list[Callable[[], Any]] = []
    async for words in lines():
        if not words[0].isdigit():
            taking = [make(target) for target in words]
            answer("ready")
            continue
        answer([[(await take())["i"] for _ in range(int(words[0]))] for take in taking])


def queue_of(target: str) -> Callable[[], Any]:
    from realtime.sse import get_or_create_sse_queue

    return get_or_create_sse_queue(target).get


def subscription_of(target: str) -> Callable[[], Any]:
    from realtime.sse import subscribe_sse_events

    return subscribe_sse_events(target).__anext__


async def send() -> None:
    from realtime.sse import enqueue_sse_message

    async for way, first, end, *targets in lines():
        numbers = range(int(first), int(end))
        if way == "flood":
            await flood(numbers, targets)
        else:
            for i in numbers:
                for target in targets:
                    await enqueue_sse_message(target, {"type": "tick", "i": i})
        answer("sent")


async def flood(numbers: range, targets: list[str]) -> None:
    from realtime.api import Event, asend_many
    from realtime.groups import session

    for start in range(0, len(numbers), max(1, 1_000 // len(targets))):
        part = numbers[start : start + max(1, 1_000 // len(targets))]
        await asend_many([(session(target), Event("tick", {"i": i, "text": TEXT})) for i in part for target in targets])


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    parts = {"get": lambda: read(queue_of), "subscribe": lambda: read(subscription_of), "send": send}
    asyncio.run(parts[sys.argv[1]]())
