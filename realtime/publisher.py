"""From a committed transaction to the relay of this process, at once, and to the channel layer, in order."""

import asyncio
import atexit
import contextlib
import logging
from collections import deque
from collections.abc import Sequence

from django.db import DatabaseError

from realtime import home, process
from realtime.database import in_database
from realtime.events import Envelope
from realtime.layers.protocol import Message
from realtime.log import numbering

logger = logging.getLogger(__name__)

EXIT_FLUSH_SECONDS = 1.0

# Committed and not yet seen by the home loop; filled by any thread (CPython's deque needs no lock for that).
_committed: deque[Envelope] = deque()
_waking: asyncio.AbstractEventLoop | None = None  # the loop that has been told of them

_under_way: set[asyncio.Future[Sequence[Message]]] = set()
_numberer: asyncio.Task[None] | None = None
_is_more_waiting = False
_is_registered_at_exit = False


def publish(envelopes: Sequence[Envelope]) -> None:
    """Hand committed events over and return at once; called on commit, from any thread."""
    global _is_registered_at_exit, _waking
    if not _is_registered_at_exit:
        _is_registered_at_exit = True
        atexit.register(_flush_at_exit)
    _committed.extend(envelopes)
    loop = home.loop()
    if home.is_home():
        _accept()
    elif _waking is not loop:
        _waking = loop
        loop.call_soon_threadsafe(_accept)


def publish_waiting() -> None:
    """Number and publish what waits for its number. On a database thread; raises DatabaseError."""
    while envelopes := numbering.number_waiting():
        publish(envelopes)


def publish_waiting_soon() -> None:
    """Have it done, and return at once; called on commit, from any thread.

    One call at a time in a process numbers for all its threads: each of them for itself was half as fast as a
    counter that is locked until the commit (docs/operations.md). After a fault Process tries again.
    """
    home.loop().call_soon_threadsafe(_number)


def _number() -> None:
    global _numberer, _is_more_waiting
    _is_more_waiting = True
    if _numberer is None or _numberer.done():
        _numberer = asyncio.get_running_loop().create_task(_number_waiting(), name="numberer")


async def _number_waiting() -> None:
    global _is_more_waiting
    while _is_more_waiting:
        _is_more_waiting = False
        try:
            await in_database(publish_waiting)
        except DatabaseError as error:
            logger.warning("events wait for their numbers: %s", type(error).__name__)
        except RuntimeError as error:  # the interpreter ends, and has ended its database threads
            if "shutdown" not in str(error):
                raise
            _is_more_waiting = True
            return


def _accept() -> None:
    """Deliver and publish what was committed, all in this turn of the loop."""
    global _waking
    _waking = None  # before the events are taken: whoever adds one from here on wakes the loop again
    envelopes = [_committed.popleft() for _ in range(len(_committed))]
    if not envelopes:
        return
    current = process.current()
    current.relay.committed(envelopes)
    try:
        sent = current.layer.publish([(envelope.channel, envelope.data) for envelope in envelopes])
        _under_way.add(sent)
        sent.add_done_callback(_under_way.discard)
    except Exception:
        logger.exception("publish failed events=%s", len(envelopes))


async def flush() -> None:
    """Wait until everything handed over so far has been sent or given up. In the home loop."""
    if _numberer is not None and not _numberer.done():
        await asyncio.wait([_numberer])
    if _under_way:
        await asyncio.wait(set(_under_way))


def _flush_at_exit() -> None:
    """Let a command that ends right after a commit still send it: other processes then need not wait for the log."""
    if not home.loop().is_running():
        return
    with contextlib.suppress(Exception):
        asyncio.run_coroutine_threadsafe(flush(), home.loop()).result(EXIT_FLUSH_SECONDS)
        if not _is_more_waiting:
            return
        publish_waiting()
        asyncio.run_coroutine_threadsafe(flush(), home.loop()).result(EXIT_FLUSH_SECONDS)
