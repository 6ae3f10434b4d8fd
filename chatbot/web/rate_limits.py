"""How often a client may call, counted by `limits`, with the rates of settings.RATE_LIMITS.

Each process counts for itself, in memory: a limit that stops floods needs no exact count over all processes. Logins
that fail are counted in the database (workbench/access/login_attempts.py).
"""

import logging
import math
import time

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from chatbot.conversations.errors import RateLimited
from chatbot.conversations.metrics import RATE_LIMITED
from chatbot.web.client_address import client_address

MAX_KEYS = 100_000  # of one limit: some 30 MB
LOG_SECONDS = 60.0
SET_BACK_SECONDS = 1.0  # smaller corrections of a clock are usual

logger = logging.getLogger(__name__)


async def check_rate(request: HttpRequest, limit: str, *keys: str) -> None:
    """Count a call for each of these keys. Raises RateLimited if one of them has used up its rate."""
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
    """limits' memory storage for one rate, without a task and a look at every key for each call (15 ms at 50,000).

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


class RateCounter:
    """One rate, for all its keys, as this process sees it. A call takes some 15 µs."""

    def __init__(self, name: str, item: RateLimitItem) -> None:
        self.item = item
        self._name = name
        self._seen = -math.inf
        self._forget()
        self._logged_at = -math.inf

    def _forget(self) -> None:
        self._storage = LocalStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def take(self, key: str) -> float | None:
        """Count one call; None if it is admitted, else the seconds until one will be."""
        now = time.time()
        if now < self._seen - SET_BACK_SECONDS:
            self._forget()  # else earlier counts would hold for as long as the clock was set back
        self._seen = now
        if await self._limiter.hit(self.item, key):
            return None
        stats = await self._limiter.get_window_stats(self.item, key)
        return max(0.0, stats.reset_time - time.time()) if stats.remaining == 0 else 0.0

    def tell(self, request: HttpRequest) -> None:
        """Count a refusal, and log one a minute."""
        RATE_LIMITED.labels(self._name).inc()
        now = time.monotonic()
        if now - self._logged_at >= LOG_SECONDS:
            self._logged_at = now
            logger.warning(
                "rate limited limit=%s path=%s address=%s", self._name, request.path, client_address(request)
            )


_counters: dict[str, RateCounter] = {}


def _counter(name: str, item: RateLimitItem) -> RateCounter:
    counter = _counters.get(name)
    if counter is None or counter.item is not item:
        counter = _counters[name] = RateCounter(name, item)
    return counter
