"""How often somebody may do something, counted by `limits`, with the rates of settings.RATE_LIMITS.

Each process counts for itself. Only a key that has used more than a quarter of its rate here is counted in Redis, too,
where all processes meet: a quiet client costs no round trip, and all processes together admit at most the rate and a
quarter of it for each process. While Redis is away the process decides alone: its fault refuses nobody.
"""

import asyncio
import logging
import math
import time
from typing import Any

from channels_redis.utils import create_pool, decode_hosts
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatbot.conversations.errors import RateLimited
from chatbot.conversations.metrics import RATE_LIMITED
from chatbot.web.client_address import client_address
from realtime import home, process

KEY_PREFIX = "handover:limit"
ASK_BUDGET_SECONDS = 0.1
ASK_AGAIN_SECONDS = 1.0  # after Redis did not answer, so that a hung one delays one call a second, not each
ASKING_AT_ONCE = 4
MAX_KEYS = 100_000  # of one limit: some 30 MB
LOG_SECONDS = 60.0
SET_BACK_SECONDS = 1.0  # by less than that, clocks are put right all the time

logger = logging.getLogger(__name__)


async def check_rate(request: HttpRequest, limit: str, *keys: str) -> None:
    """Count a call for each of these keys. Raises RateLimited if one of them has used up its rate.

    Takes at most ASK_BUDGET_SECONDS for each key, and raises nothing for Redis' sake.
    """
    item = settings.RATE_LIMITS.get(limit)
    if item is None:
        return
    counter = _counter(limit, item)
    for key in keys:
        wait_seconds = await counter.take(key)
        if wait_seconds is not None:
            counter.tell(request)
            raise RateLimited(wait_seconds)


def tell_refused(request: HttpRequest, limit: str) -> None:
    """Count and log a refusal by a limit of settings.RATE_LIMITS that is counted elsewhere."""
    _counter(limit, settings.RATE_LIMITS[limit]).tell(request)


class LocalStorage(MemoryStorage):
    """limits' memory storage for one rate, without a task and a look at every key for each call.

    All entries live equally long, so that those that expire first were made first.
    """

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        self._forget_expired(now)
        self.storage[key] += amount
        self.expirations.setdefault(key, now + expiry)
        return self.storage[key]

    def _forget_expired(self, now: float) -> None:
        while self.expirations:
            key = next(iter(self.expirations))
            if self.expirations[key] > now and len(self.expirations) <= MAX_KEYS:
                return
            del self.expirations[key]
            self.storage.pop(key, None)


class SharedStorage(RedisStorage):
    """limits' Redis storage over redis-py alone: to import the other clients that it looks for stops the loop 0.2 s."""

    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}


class RateCounter:
    """One rate, for all its keys, as this process sees it."""

    def __init__(self, name: str, item: RateLimitItem) -> None:
        self.item = item
        self._name = name
        self._share = item.amount // 4
        self._seen = -math.inf
        self._forget()
        self._logged_at = -math.inf

    def _forget(self) -> None:
        self._storage = LocalStorage()
        self._local = SlidingWindowCounterRateLimiter(self._storage)
        self._shared_until: dict[str, float] = {}  # keys of which Redis knows what was counted here
        self._refused_until: dict[str, float] = {}

    async def take(self, key: str) -> float | None:
        """Count one call; None if it is admitted, else for how many seconds none will be."""
        now = time.time()
        if now < self._seen - SET_BACK_SECONDS:
            self._forget()  # what was noted before would hold for as long as the clock went back
        self._seen = now
        if (until := self._refused_until.get(key, 0.0)) > now:
            return until - now  # without Redis: a flood that goes on does not reach it
        counted_as, seconds = self.item.key_for(key), self.item.get_expiry()
        if await self._storage.acquire_sliding_window_entry(counted_as, self._share, seconds):
            return None
        if not await self._local.hit(self.item, key):
            return await _seconds_to_wait(self._local, self.item, key)
        used = self.item.amount - (await self._local.get_window_stats(self.item, key)).remaining
        return await self._take_shared(key, used, now)

    async def _take_shared(self, key: str, used: int, now: float) -> float | None:
        shared = _shared()
        if not shared.can_be_asked():
            return None
        cost = 1 if self._shared_until.get(key, 0.0) > now else used
        try:
            wait_seconds = await home.current().run(shared.take(self.item, key, cost))
        except NotAnswered:
            return None
        # Redis weighs them in the next window, too: reported again then, they would count twice.
        _remember(self._shared_until, key, now + 2 * self.item.get_expiry())
        if wait_seconds is not None:
            _remember(self._refused_until, key, now + wait_seconds)
        return wait_seconds

    def tell(self, request: HttpRequest) -> None:
        """Count a refusal, and log one a minute."""
        RATE_LIMITED.labels(self._name).inc()
        now = time.monotonic()
        if now - self._logged_at >= LOG_SECONDS:
            self._logged_at = now
            logger.warning(
                "rate limited limit=%s path=%s address=%s", self._name, request.path, client_address(request)
            )


class NotAnswered(Exception):
    """Redis did not count in time."""


class SharedCounter:
    """The count in Redis, on the first shard. Lives in the home loop."""

    def __init__(self) -> None:
        self.loop = home.current().loop
        self._layer = process.current().layer
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        self._asking = asyncio.Semaphore(ASKING_AT_ONCE)
        self._is_away = False
        self._ask_again_at = 0.0

    def can_be_asked(self) -> bool:
        return self._layer.reaches_others and time.monotonic() >= self._ask_again_at

    async def take(self, item: RateLimitItem, key: str, cost: int) -> float | None:
        """As RateCounter.take, for `cost` calls. Raises NotAnswered within ASK_BUDGET_SECONDS."""
        try:
            async with self._asking:
                if not self.can_be_asked():  # those before us had no answer
                    raise NotAnswered
                async with asyncio.timeout(ASK_BUDGET_SECONDS):
                    wait_seconds = await self._count(item, key, cost)
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS
            if not self._is_away:
                logger.warning("redis does not count, rates hold for each process alone: %r", error)
            self._is_away = True
            raise NotAnswered from None
        if self._is_away:
            logger.info("redis counts, rates hold for all processes together")
        self._is_away = False
        return wait_seconds

    async def _count(self, item: RateLimitItem, key: str, cost: int) -> float | None:
        if self._limiter is None:
            self._limiter = SlidingWindowCounterRateLimiter(_make_storage())
        if await self._limiter.hit(item, key, cost=cost) or await _outlive_their_windows(self._limiter, item, key):
            return None
        return await _seconds_to_wait(self._limiter, item, key)


async def _outlive_their_windows(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> bool:
    """Whether a key's counts are from before Redis' clock was set back: they would refuse for as long as it was."""
    storage: Any = limiter.storage
    seconds = item.get_expiry()
    _, last_lives, _, this_lives = await storage.get_sliding_window(item.key_for(key), seconds)
    return bool(last_lives > seconds or this_lives > 2 * seconds)


async def _seconds_to_wait(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> float:
    stats = await limiter.get_window_stats(item, key)
    return max(0.0, stats.reset_time - time.time()) if stats.remaining == 0 else 0.0


def _make_storage() -> SharedStorage:
    layer: Any = settings.CHANNEL_LAYERS["default"]
    host = decode_hosts(layer["CONFIG"]["hosts"])[0]
    options = {"protocol": 2, "retry": Retry(NoBackoff(), 0), "socket_connect_timeout": ASK_BUDGET_SECONDS}
    pool = create_pool({**options, **host})
    return SharedStorage("async+redis://", implementation="redispy", key_prefix=KEY_PREFIX, connection_pool=pool)


def _remember(until: dict[str, float], key: str, moment: float) -> None:
    """Note it as the last, and forget what is over: all live about equally long."""
    until.pop(key, None)
    now = time.time()
    while until and (until[first := next(iter(until))] <= now or len(until) >= MAX_KEYS):
        del until[first]
    until[key] = moment


_counters: dict[str, RateCounter] = {}
_shared_counter: SharedCounter | None = None


def _counter(name: str, item: RateLimitItem) -> RateCounter:
    counter = _counters.get(name)
    if counter is None or counter.item is not item:
        counter = _counters[name] = RateCounter(name, item)
    return counter


def _shared() -> SharedCounter:
    global _shared_counter
    if _shared_counter is None or _shared_counter.loop is not home.current().loop:
        _shared_counter = SharedCounter()
    return _shared_counter
