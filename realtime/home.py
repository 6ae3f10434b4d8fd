"""The process's home: the one event loop in which all realtime objects live, and those objects.

In a server it is the server's loop (`adopt_running_loop`, called at its start or for its first request). In a command,
a script or a worker thread it is a loop on a background thread, started when it is first needed. One loop means one
connection to Redis: 200 sends through `async_to_sync` would open 200. A new loop is a new home with nothing in it.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_home: "Home | None" = None


class Home:
    """An event loop and one object of each class that lives in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._objects: dict[type, Any] = {}
        self._making = threading.RLock()

    def the(self, kind: Callable[["Home"], T]) -> T:
        """The home's object of this class, made of the home at the first call. From any thread."""
        found: T | None = self._objects.get(kind)  # type: ignore[call-overload]
        if found is None:
            with self._making:
                found = self._objects.get(kind)  # type: ignore[call-overload]
                if found is None:
                    found = self._objects[kind] = kind(self)  # type: ignore[index]
        return found

    def existing(self, kind: type[T]) -> T | None:
        """The same if it was made."""
        return self._objects.get(kind)

    def is_here(self) -> bool:
        """Whether the caller runs in the home loop."""
        try:
            return asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await a coroutine in the home loop, from whichever loop the caller runs in."""
        if self.is_here():
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


def adopt_running_loop() -> Home:
    """Make the running loop the home loop, unless there is a live one. Cheap: called for every request."""
    return _home_in(asyncio.get_running_loop)


def current() -> Home:
    """The home; with a loop on a daemon thread if this process has none."""
    return _home_in(_start_loop)


def existing() -> Home | None:
    """The home if there is one."""
    return _home


def _home_in(make_loop: Callable[[], asyncio.AbstractEventLoop]) -> Home:
    global _home
    home = _home
    if home is None or home.loop.is_closed():
        with _lock:
            home = _home
            if home is None or home.loop.is_closed():
                home = _home = Home(make_loop())
    return home


def _start_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="realtime-home", daemon=True).start()
    return loop
