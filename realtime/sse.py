"""The SSE API that older services call, unchanged in names and arguments, over the event log.

`target` is an agent's id if such an agent exists (settings.REALTIME_AGENT_EXISTS decides), else a session name.
docs/sse-api.md says what differs from the in-memory queues that these names once stood for.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from realtime import groups
from realtime.api import Event, asend_many, subscribe
from realtime.database import read_database
from realtime.events import check_type
from realtime.groups import Channel

DEFAULT_TYPE = "message"


class SSEQueue:
    """What stands for a target's queue: `put` sends to it. Nothing is stored in it."""

    def __init__(self, target: str) -> None:
        self.target = target

    async def put(self, payload: Mapping[str, Any]) -> None:
        """Send a payload to the target, as enqueue_sse_message."""
        await enqueue_sse_message(self.target, payload)

    async def get(self) -> dict[str, Any]:
        """The next payload sent to the target from now on."""
        events = subscribe_sse_events(self.target)
        try:
            return await anext(events)
        finally:
            await events.aclose()


_queues: dict[str, SSEQueue] = {}


async def enqueue_sse_message(target: str, payload: Mapping[str, Any]) -> None:
    """Send a payload to a target, across processes.

    A payload whose `type` is an event type is that event, the rest of it being the event's payload; any other dict
    travels whole as the payload of a `message`. Raises ValueError for a bad target or a payload that is not JSON.
    """
    channel = await _channel(target)
    await asend_many([(channel, _event(payload))])


async def subscribe_sse_events(target: str) -> AsyncGenerator[dict[str, Any], None]:
    """The payloads sent to a target from now on, as they were given to enqueue_sse_message.

    Other events of the target's channel come as their payload with their `type` in it.
    """
    channel = await _channel(target)
    name = channel.removeprefix(groups.AGENT_PREFIX).removeprefix(groups.SESSION_PREFIX)
    which = "agent" if channel.startswith(groups.AGENT_PREFIX) else "session"
    async for event in subscribe(**{which: name}):  # type: ignore[arg-type]
        yield dict(event.payload) if event.type == DEFAULT_TYPE else {"type": event.type, **event.payload}


def get_sse_queues() -> dict[str, SSEQueue]:
    """The queues that this process has asked for, by target."""
    return dict(_queues)


def get_or_create_sse_queue(target: str) -> SSEQueue:
    """The queue of a target. Raises ValueError for a name outside the pattern."""
    groups.session(target)  # agent ids and session names have one pattern
    return _queues.setdefault(target, SSEQueue(target))


def remove_sse_queue(target: str) -> None:
    """Forget a queue; events of its target are not affected."""
    _queues.pop(target, None)


def _event(payload: Mapping[str, Any]) -> Event:
    event_type = payload.get("type")
    try:
        check_type(event_type)
    except ValueError:
        return Event(DEFAULT_TYPE, payload)
    return Event(str(event_type), {key: value for key, value in payload.items() if key != "type"})


async def _channel(target: str) -> Channel:
    session = groups.session(target)
    path = getattr(settings, "REALTIME_AGENT_EXISTS", None)
    if path is None:
        return session
    exists: Callable[[str], bool] = import_string(path)
    return groups.agent(target) if await read_database(exists, target) else session
