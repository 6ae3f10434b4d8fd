"""The faults: how each is caused under load, and what is promised while it lasts."""

import asyncio
import contextlib
import re
import signal
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx
from redis.asyncio import Redis

from harness.programs import wait_until
from harness.proxy import Proxy
from harness.services import Service
from harness.trust import trust
from tests.faults.load import Load

FLAPS = 50
FLAP_SECONDS = 0.05
LARGE_TEXT = "x" * 3_900
SHORT_OUTAGE_SECONDS = 5.0
STOP_SECONDS = 10.0
CUT = re.compile(r'^sse_streams_ended_total\{reason="too .*"\} (\S+)$', re.MULTILINE)
CUT_SECONDS = 60.0  # who has not read for 10 s is cut off; to be so far behind takes as long as the machine needs
FREEZE_SECONDS = 30.0
WAL_WRITE_LOCK = 120  # where in the -shm file

T = TypeVar("T")
Cause = Callable[[Load], Awaitable[None]]
Needs = Literal["redis", "proxy", "ahead"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`needs` says which product it is caused on: plain, behind a proxy, or with a service whose clock is wrong."""

    name: str
    promise: str
    cause: Cause
    needs: Needs = "redis"
    is_redis: bool = True  # Redis is away while it lasts: noticed within 4 s, back in use within 2 s
    may_refuse: bool = False  # POSTs may answer 503
    may_reset: bool = False

    @property
    def slug(self) -> str:
        """The name in a form that pytest's -k takes."""
        return self.name.replace(" ", "-")


class ThreadedProxy:
    """A proxy with a loop of its own, so that it outlives the loop of a test. `call` runs its methods there."""

    def __init__(self, target_port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.proxy = Proxy(target_port)
        asyncio.run_coroutine_threadsafe(self.proxy.start(), self._loop).result(10)
        self.url = f"redis://127.0.0.1:{self.proxy.port}/0"

    def call(self, act: Callable[[Proxy], None]) -> None:
        """Run `act` in the proxy's loop and return when it is done."""

        async def acting() -> None:
            act(self.proxy)

        asyncio.run_coroutine_threadsafe(acting(), self._loop).result(10)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.proxy.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


# A program dies with the thread that started it (PR_SET_PDEATHSIG): that of a test's own loop ends with the test.
_aside = ThreadPoolExecutor(1, thread_name_prefix="aside")


async def aside(work: Callable[[], T]) -> T:
    """Do what blocks while the load goes on."""
    return await asyncio.get_running_loop().run_in_executor(_aside, work)


# Redis


def kill_redis(seconds: float) -> Cause:
    async def cause(load: Load) -> None:
        load.begin()
        load.product.valkey.kill()
        await asyncio.sleep(seconds)
        await aside(load.product.valkey.start)
        load.end()

    return cause


def stop_redis(seconds: float) -> Cause:
    async def cause(load: Load) -> None:
        load.begin()
        load.product.valkey.pause()
        try:
            await asyncio.sleep(seconds)
        finally:
            load.product.valkey.resume()
        load.end()

    return cause


async def restart_redis(load: Load) -> None:
    load.begin()
    await aside(load.product.valkey.terminate)
    await aside(load.product.valkey.start)
    load.end()


def tell_redis(*command: str) -> Cause:
    async def cause(load: Load) -> None:
        load.begin()
        client: Any = Redis.from_url(load.product.valkey.url)
        async with client:
            await client.execute_command(*command)
        load.end()

    return cause


def proxy_of(load: Load) -> ThreadedProxy:
    proxy = getattr(load.product, "proxy", None)
    assert isinstance(proxy, ThreadedProxy), "this product has no proxy"
    return proxy


async def flap(load: Load) -> None:
    load.begin()
    for _ in range(FLAPS):
        proxy_of(load).call(Proxy.drop)
        await asyncio.sleep(FLAP_SECONDS)
    load.end()


async def hold_half_open(load: Load) -> None:
    load.begin()
    proxy_of(load).call(Proxy.freeze)
    try:
        await asyncio.sleep(SHORT_OUTAGE_SECONDS)
    finally:
        proxy_of(load).call(Proxy.thaw)
    load.end()


async def delay(load: Load) -> None:
    load.begin()
    proxy_of(load).call(lambda proxy: setattr(proxy, "delay_seconds", 1.0))
    try:
        await asyncio.sleep(SHORT_OUTAGE_SECONDS)
    finally:
        proxy_of(load).call(lambda proxy: setattr(proxy, "delay_seconds", 0.0))
    load.end()


async def cut_messages(load: Load) -> None:
    load.begin()
    for _ in range(10):
        proxy_of(load).call(lambda proxy: setattr(proxy, "drops_mid_message", True))
        await asyncio.sleep(0.3)
    proxy_of(load).call(lambda proxy: setattr(proxy, "drops_mid_message", False))
    load.end()


# Processes


def service_of(load: Load, name: str) -> Service:
    return load.product.chatbot if name == "chatbot" else load.product.workbench


def kill_service(name: str) -> Cause:
    async def cause(load: Load) -> None:
        load.begin()
        service_of(load, name).kill()
        await aside(service_of(load, name).start)
        load.end()

    return cause


def stop_service(name: str) -> Cause:
    async def cause(load: Load) -> None:
        load.begin()
        code = await aside(service_of(load, name).terminate)
        assert code == 0, f"{name} ended with {code}"
        await aside(service_of(load, name).start)
        load.end()

    return cause


async def freeze_with_lock(load: Load) -> None:
    """The workbench is stopped in the middle of a transaction: nobody else can write until it goes on."""
    workbench = load.product.workbench
    await aside(lambda: _stop_with_lock(workbench, load.product.database))
    load.begin()
    try:
        await asyncio.sleep(SHORT_OUTAGE_SECONDS)
    finally:
        workbench.send_signal(signal.SIGCONT)
    load.end()


def _stop_with_lock(service: Service, database: Path) -> None:
    def is_stopped_with_lock() -> bool:
        service.send_signal(signal.SIGSTOP)
        wait_until("it is stopped", lambda: _is_stopped(service))
        if _has_write_lock(service, database):
            return True
        service.send_signal(signal.SIGCONT)
        return False

    wait_until("the service is stopped with SQLite's write lock", is_stopped_with_lock, FREEZE_SECONDS)


def _is_stopped(service: Service) -> bool:
    return Path(f"/proc/{service.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def _has_write_lock(service: Service, database: Path) -> bool:
    """Whether Linux lists the process as the holder of the one byte by which SQLite's WAL locks its writer."""
    file = database.with_name(f"{database.name}-shm").stat().st_ino
    held = rf"WRITE {service.pid} [0-9a-f:]+:{file} {WAL_WRITE_LOCK} "
    return re.search(held, Path("/proc/locks").read_text()) is not None


async def endure(load: Load) -> None:
    """The product is as it is: nothing happens but the load."""
    load.begin()
    await asyncio.sleep(1.0)
    load.end()


# Clients


def cut_streams(load: Load) -> float:
    """How many streams the services have cut off, since their clients did not read."""
    texts = [httpx.get(f"{service.url}/metrics", timeout=10, verify=trust()).text for service in load.product.services]
    return sum(float(count) for text in texts for count in CUT.findall(text))


async def stop_reading(load: Load) -> None:
    """Every fourth client leaves what it is sent in its socket, until some were cut off."""
    load.text_for = lambda turn: LARGE_TEXT
    load.begin()
    stalled = load.clients[::4]
    cut_before = await aside(lambda: cut_streams(load))
    for client in stalled:
        client.stop_reading()
    async with asyncio.timeout(CUT_SECONDS):
        while await aside(lambda: cut_streams(load)) == cut_before:
            await asyncio.sleep(0.5)
    for client in stalled:
        client.go_on_reading()
    load.end()


async def reconnect_at_random(load: Load) -> None:
    load.begin()
    for client in load.clients:
        client.drops_every_seconds = 0.5
        client.reconnect()
    await asyncio.sleep(SHORT_OUTAGE_SECONDS)
    load.end()


# Database


@contextlib.contextmanager
def locked(load: Load) -> Iterator[None]:
    """Hold SQLite's write lock, as a backup or a migration might."""
    connection = sqlite3.connect(load.product.database, isolation_level=None, timeout=30, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def lock_database(load: Load) -> None:
    with locked(load):
        load.begin()
        await asyncio.sleep(SHORT_OUTAGE_SECONDS)
    load.end()


NOTHING_LOST = "nothing lost; publishing p99 under 300 ms; back in Redis within 2 s"
FOUND = NOTHING_LOST + "; noticed within 4 s"
PAGES_RESUME = "nothing lost; pages come back by themselves; the other service goes on"
DRAINED = PAGES_RESUME + "; requests in flight are answered"
CUT_OFF = "cut off; they resume from their position, the others notice nothing"
REFUSED = "POST: 503 with Retry-After and nothing written; streams stay open"

# In the order of what they need: a product of another kind takes seconds to start.
FAULTS = [
    Fault("Redis SIGKILL 1 s", NOTHING_LOST, kill_redis(1)),
    Fault("Redis SIGKILL 5 s", NOTHING_LOST, kill_redis(5)),
    Fault("Redis SIGSTOP 10 s", FOUND, stop_redis(STOP_SECONDS)),
    Fault("Redis restart", NOTHING_LOST, restart_redis),
    Fault("FLUSHALL", "nothing lost", tell_redis("FLUSHALL")),
    Fault("CLIENT KILL TYPE pubsub", NOTHING_LOST, tell_redis("CLIENT", "KILL", "TYPE", "pubsub")),
    Fault("chatbot SIGKILL", PAGES_RESUME, kill_service("chatbot"), is_redis=False),
    Fault("workbench SIGKILL", PAGES_RESUME, kill_service("workbench"), is_redis=False),
    Fault("chatbot SIGTERM", DRAINED, stop_service("chatbot"), is_redis=False),
    Fault("workbench SIGTERM", DRAINED, stop_service("workbench"), is_redis=False),
    Fault("workbench SIGSTOP in a transaction 5 s", REFUSED, freeze_with_lock, is_redis=False, may_refuse=True),
    Fault("clients that stop reading", CUT_OFF, stop_reading, is_redis=False),
    Fault("clients that reconnect at random", "nothing lost or doubled", reconnect_at_random, is_redis=False),
    Fault("database locked 5 s", REFUSED, lock_database, is_redis=False, may_refuse=True),
    Fault("50 quick flaps", NOTHING_LOST, flap, needs="proxy"),
    Fault("half-open link 5 s", FOUND, hold_half_open, needs="proxy"),
    Fault("link delayed by 1 s", FOUND, delay, needs="proxy"),
    Fault("link cut in the middle of a message", NOTHING_LOST, cut_messages, needs="proxy"),
    Fault("clock of one service 2 minutes ahead", "nothing lost", endure, needs="ahead", is_redis=False),
]
LONG_FAULTS = [Fault("Redis SIGKILL 30 s", NOTHING_LOST, kill_redis(30))]
