"""An event loop without sockets whose clock jumps to the next timer."""

import asyncio
import heapq
from typing import Any


class Stuck(Exception):
    """Everybody waits and nothing is due."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs as fast as the machine can; a second takes as long as what is done in it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.failures: list[str] = []
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        """One turn, as BaseEventLoop's, without what is read from sockets and without its measuring."""
        ready: Any = self._ready  # type: ignore[attr-defined]
        timers: list[Any] = self._scheduled  # type: ignore[attr-defined]
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)._scheduled = False
        if not ready:
            if not timers:
                raise Stuck
            self.now = max(self.now, timers[0]._when)
        while timers and timers[0]._when <= self.now:
            timer = heapq.heappop(timers)
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _process_events(self, events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        """Nothing: there is no other thread to be woken by."""

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(repr(context.get("exception") or context["message"]))
