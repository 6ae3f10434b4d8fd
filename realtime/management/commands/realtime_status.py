"""`manage.py realtime_status`: whether events take the fast path, and how large the log is."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.db.models import Max, Min

from realtime import home, log
from realtime.layers import DegradingChannelLayer
from realtime.layers.protocol import Message
from realtime.models import ChannelHead, LoggedEvent


class Command(BaseCommand):
    help = "Show the state of Redis and of the event log; exit code 1 if either is not as it should be."

    def handle(self, *args: Any, **options: Any) -> None:
        healthy = [self._show_redis(), self._show_log()]
        if not all(healthy):
            raise SystemExit(1)

    def _show_redis(self) -> bool:
        seconds, state = asyncio.run(home.current().run(_try_redis()))
        self.stdout.write(f"redis     {state} ({seconds * 1000:.0f} ms)")
        return state == "ok"

    def _show_log(self) -> bool:
        try:
            span = LoggedEvent.objects.aggregate(first=Min("created_at"), last=Max("created_at"))
            events, channels = LoggedEvent.objects.count(), ChannelHead.objects.count()
        except DatabaseError as error:
            self.stdout.write(f"database  unavailable: {error}")
            return False
        self.stdout.write(f"database  ok\nlog       {events} events in {channels} channels")
        if events:
            self.stdout.write(f"          from {span['first']:%F %T} to {span['last']:%F %T} UTC")
        behind = log.behind()
        for channel, last, highest in behind:
            counter = "is lost: the next event mends it" if last is None else f"is {last}: set it to {highest}"
            self.stdout.write(f"channel   {channel} has events up to {highest}, but its counter {counter}")
        return not behind


async def _try_redis() -> tuple[float, str]:
    channel_layer = get_channel_layer()
    if not isinstance(channel_layer, DegradingChannelLayer):
        return 0.0, "not used: CHANNEL_LAYERS names another layer"
    if not channel_layer.has_redis:
        return 0.0, "not configured: REDIS_URL is unset"
    layer = channel_layer.layer
    started = time.perf_counter()
    await layer.open(_NoReceiver())
    state = "ok" if layer.reaches_others else "degraded: no answer"
    seconds = time.perf_counter() - started
    await layer.close()
    return seconds, state


class _NoReceiver:
    """Nothing is joined, so nothing comes."""

    def take(self, messages: Sequence[Message]) -> None: ...

    def link_changed(self, degraded_since: float | None) -> None: ...
