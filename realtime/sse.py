"""The SSE API that older services call, unchanged in names and arguments, over the event log.

`target` is an agent's id if such an agent exists (settings.REALTIME_AGENT_EXISTS decides), else a session name.
docs/sse-api.md says what differs from the in-memory queues that these names once stood for.
"""

import asyncio
import functools
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import Future
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from realtime import groups
from realtime.api import Event, send_many
from realtime.cursor import Cursor
from realtime.database import in_database, in_database_now
from realtime.database.threads import DatabaseBusy
from realtime.events import Envelope, check_type
from realtime.groups import Channel

DEFAULT_TYPE = "message"

logger = logging.getLogger(__name__)


class SSEQueue:
    """A target's queue: a place in its channel, taken when the queue is made, from which those who read it go on.

    What is put, in any process, is in the log; nothing is stored in the queue (cursor.py). It
    may be used from all threads and event loops.
    """

    def __init__(self, target: str) -> None:
        """The calling thread waits for the database, 0.25 s at most. Raises ValueError for a bad name."""
        groups.session(target)  # agent ids and session names have one pattern
        self.target = target
        self._cursor = Cursor(functools.partial(_find_channel, target))

    async def put(self, payload: Mapping[str, Any]) -> None:
        """Send a payload to the target, as enqueue_sse_message."""
        await enqueue_sse_message(self.target, payload)

    async def get(self) -> dict[str, Any]:
        """The next payload sent to the target, each once and in order; waits while there is none.

        A payload goes to one of those who wait. A call that is cancelled takes nothing. Raises Missed in the place of
        what is no longer in the log; the next call goes on after it.
        """
        return _payload(await self._cursor.next())

    def put_nowait(self, payload: Mapping[str, Any]) -> None:
        """Send a payload to the target. The calling thread waits until it is logged; prefer `put` in an event loop.

        There it waits 0.25 s at most. Raises asyncio.QueueFull if the database could not take it in that time (nothing
        was sent), else as enqueue_sse_message. Outside of a loop it is part of the caller's transaction.
        """
        if not _is_in_a_loop():
            _send(self.target, payload)
            return
        try:
            sending = in_database_now(_send, self.target, payload)
            if sending.done():
                sending.result()
            else:
                sending.add_done_callback(functools.partial(_tell_if_lost, self.target))
        except DatabaseBusy as error:
            raise asyncio.QueueFull(str(error)) from None

    def get_nowait(self) -> dict[str, Any]:
        """The next payload; asyncio.QueueEmpty if there is none, or none can be had within 0.25 s. Missed as `get`."""
        event = self._cursor.take()
        if event is None and self._cursor.count():
            event = self._cursor.take()
        if event is None:
            raise asyncio.QueueEmpty
        return _payload(event)

    def empty(self) -> bool:
        return self.qsize() == 0

    def full(self) -> bool:
        return False

    def qsize(self) -> int:
        """How many payloads wait to be taken. Reads the log, for which the calling thread waits 0.25 s at most."""
        return self._cursor.count()

    def close(self) -> None:
        """The queue is read no longer, except by single calls."""
        self._cursor.close()


_queues: dict[str, SSEQueue] = {}


async def enqueue_sse_message(target: str, payload: Mapping[str, Any]) -> None:
    """Send a payload to a target, across processes.

    A payload whose `type` is an event type is that event, the rest of it being the event's payload; any other dict
    travels whole as the payload of a `message`. Raises ValueError for a bad target or a payload that is not JSON.
    """
    await in_database(_send, target, payload)


def subscribe_sse_events(target: str) -> AsyncGenerator[dict[str, Any], None]:
    """The payloads sent to a target from this call on, as they were given to enqueue_sse_message.

    Each subscriber gets all of them, as from a queue of its own: see SSEQueue. Other events of the target's channel
    come as their payload with their `type` in it.
    """
    return _read(SSEQueue(target))


def get_sse_queues() -> dict[str, SSEQueue]:
    """The queues that this process has asked for, by target."""
    return dict(_queues)


def get_or_create_sse_queue(target: str) -> SSEQueue:
    """The queue of a target; see SSEQueue. Raises ValueError for a name outside the pattern."""
    queue = _queues.get(target)
    return queue if queue is not None else _queues.setdefault(target, SSEQueue(target))


def remove_sse_queue(target: str) -> None:
    """Forget a queue: the next one begins where it is made. The old one can still be read."""
    queue = _queues.pop(target, None)
    if queue is not None:
        queue.close()


async def _read(queue: SSEQueue) -> AsyncGenerator[dict[str, Any], None]:
    try:
        while True:
            yield await queue.get()
    finally:
        queue.close()


def _send(target: str, payload: Mapping[str, Any]) -> None:
    send_many([(_find_channel(target), _event(payload))])


def _tell_if_lost(target: str, sending: Future[None]) -> None:
    if (error := sending.exception()) is not None:
        logger.error("what put_nowait was given is not sent target=%s: %s", target, type(error).__name__)


def _event(payload: Mapping[str, Any]) -> Event:
    event_type = payload.get("type")
    try:
        check_type(event_type)
    except ValueError:
        event_type = DEFAULT_TYPE
    if event_type == DEFAULT_TYPE:
        return Event(DEFAULT_TYPE, payload)
    return Event(str(event_type), {key: value for key, value in payload.items() if key != "type"})


def _payload(envelope: Envelope) -> dict[str, Any]:
    payload: dict[str, Any] = envelope.payload
    return payload if envelope.type == DEFAULT_TYPE else {"type": envelope.type, **payload}


def _find_channel(target: str) -> Channel:
    session = groups.session(target)
    path = getattr(settings, "REALTIME_AGENT_EXISTS", None)
    if path is None:
        return session
    exists: Callable[[str], bool] = import_string(path)
    return groups.agent(target) if exists(target) else session


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
