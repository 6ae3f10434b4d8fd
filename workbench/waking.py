"""Wakes the job that assigns: it need not wait for its next look."""

import asyncio
from weakref import WeakKeyDictionary

from django.db import transaction

from realtime import home, process

# Of each process that assigns, set when something may have become possible. Touched in the home loop only.
_wakings: WeakKeyDictionary[process.Process, asyncio.Event] = WeakKeyDictionary()


def wake_assignment() -> None:
    """Have this process look after the present transaction; others look when they hear of it, or once a second.

    Callable from any thread. Nothing happens where nobody assigns.
    """
    transaction.on_commit(_request_look, robust=True)


def waking() -> asyncio.Event:
    """What wakes the job of this process; to be called in the home loop."""
    return _wakings.setdefault(process.current(), asyncio.Event())


def _request_look() -> None:
    home.current().loop.call_soon_threadsafe(lambda: waking().set())
