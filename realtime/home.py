"""The process's home loop: the one event loop in which publisher, channel layer and relay live.

In a server it is the server's loop (`adopt_running_loop`, called for its first request or at its start). In a
management command, a script or a worker thread it is a loop on a background thread, started when it is first needed.
One loop means one Redis connection: 200 sends through `async_to_sync` would open 200.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def adopt_running_loop() -> None:
    """Make the running loop the home loop, unless there is a live one. Cheap: called for every request."""
    global _loop
    if _loop is None or _loop.is_closed():
        with _lock:
            if _loop is None or _loop.is_closed():
                _loop = asyncio.get_running_loop()


def loop() -> asyncio.AbstractEventLoop:
    """The home loop; starts one on a daemon thread if this process has none."""
    global _loop
    if _loop is not None and not _loop.is_closed():
        return _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="realtime-home", daemon=True).start()
        return _loop


def is_home() -> bool:
    """Whether the caller runs in the home loop."""
    try:
        return asyncio.get_running_loop() is _loop
    except RuntimeError:
        return False


async def run_at_home(work: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine in the home loop, from whichever loop the caller runs in."""
    home = loop()
    if asyncio.get_running_loop() is home:
        return await work
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, home))
