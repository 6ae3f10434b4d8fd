"""Counters that somebody holds for long: a process that was stopped with one, or a person in psql.

A writer to such a channel waits for its row, and takes a thread of its process meanwhile: the customers of one agent,
all of whom write to the agent's channel, would take every one. So the writers after the first wait hardly at all.
"""

import contextlib
import threading
import time
from collections.abc import Collection, Iterator

from django.db import OperationalError, connection

from realtime.database.threads import is_lock_timeout

# After nobody got a counter in time, so long as that: then one waits for it as ever.
HELD_SECONDS = 2.0
IMPATIENCE = "50ms"
MAX_NOTED = 1_000

_held_until: dict[str, float] = {}
_turn = threading.Lock()


@contextlib.contextmanager
def impatience(channels: Collection[str]) -> Iterator[None]:
    """In here the counters of these channels are locked; hardly waited for, if one of them was not to be had lately.

    To be the last that waits for a lock in its transaction. One statement more, in such a case alone.
    """
    now = time.monotonic()
    is_held = any(_held_until.get(channel, 0.0) > now for channel in channels) if _held_until else False
    if is_held:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{IMPATIENCE}'")
    try:
        yield
    except OperationalError as error:
        if is_lock_timeout(error):
            _note(channels)
        raise
    if is_held:
        _forget(channels)


def _note(channels: Collection[str]) -> None:
    """Which of them it was the database does not say."""
    now = time.monotonic()
    with _turn:
        for channel in [each for each, until in _held_until.items() if until < now]:
            del _held_until[channel]
        if len(_held_until) < MAX_NOTED:
            _held_until.update(dict.fromkeys(channels, now + HELD_SECONDS))


def _forget(channels: Collection[str]) -> None:
    with _turn:
        for channel in channels:
            _held_until.pop(channel, None)
