"""The API of older services, unchanged in names and arguments."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pytest_django import Settings

from realtime import api, sse
from realtime.process import Process
from realtime.tests.conftest import until_opened

pytestmark = pytest.mark.django_db(transaction=True)


def is_alice(target: str) -> bool:
    return target == "alice"


@pytest.fixture(autouse=True)
def alice_is_an_agent(settings: Settings) -> None:
    settings.REALTIME_AGENT_EXISTS = "realtime.tests.test_sse.is_alice"


async def next_payload(process: Process, events: AsyncGenerator[dict[str, Any], None], send: Any) -> dict[str, Any]:
    """Subscribe, send, return what came."""
    reading = asyncio.create_task(anext(events))
    await until_opened(process, 1)
    await send
    return await asyncio.wait_for(reading, 10)


async def test_payload_with_a_type_is_that_event(each_layer: Process) -> None:
    payload = {"type": "new_message", "content": "你好"}
    got = await next_payload(each_layer, sse.subscribe_sse_events("s-1"), sse.enqueue_sse_message("s-1", payload))
    assert got == payload


async def test_any_dict_travels_whole(each_layer: Process) -> None:
    payload = {"anything": [1, {"two": None}]}
    got = await next_payload(each_layer, sse.subscribe_sse_events("s-1"), sse.enqueue_sse_message("s-1", payload))
    assert got == payload


async def test_target_of_an_agent_is_the_agents_channel(in_memory: Process) -> None:
    send = api.asend_to_agent("alice", "tick", {"i": 1})
    assert await next_payload(in_memory, sse.subscribe_sse_events("alice"), send) == {"type": "tick", "i": 1}


async def test_queue_puts_and_gets(in_memory: Process) -> None:
    queue = sse.get_or_create_sse_queue("s-1")
    reading = asyncio.create_task(queue.get())
    await until_opened(in_memory, 1)
    await queue.put({"a": 1})
    assert await asyncio.wait_for(reading, 10) == {"a": 1}


def test_queues_are_known_until_removed() -> None:
    queue = sse.get_or_create_sse_queue("s-2")
    assert sse.get_or_create_sse_queue("s-2") is queue
    assert sse.get_sse_queues()["s-2"] is queue
    sse.remove_sse_queue("s-2")
    assert "s-2" not in sse.get_sse_queues()


@pytest.mark.parametrize("target", ["", "a b", "x" * 65])
async def test_bad_target_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="64 characters"):
        await sse.enqueue_sse_message(target, {})
