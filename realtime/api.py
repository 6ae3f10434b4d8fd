"""Send events and subscribe to them, from anywhere: views, async code, commands, threads.

Inside a transaction an event is part of it: published after commit, never sent after a rollback. Outside, it has a
transaction of its own. A caller never waits for Redis and never gets its errors.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from realtime import groups, log, publisher
from realtime.database import in_database, repeat_victims
from realtime.events import Envelope, Event, Source, encode
from realtime.groups import Channel
from realtime.subscription import Missed, ReceivedEvent, subscribe

__all__ = [
    "Channel",
    "Event",
    "Missed",
    "ReceivedEvent",
    "abroadcast",
    "asend_many",
    "asend_to_agent",
    "asend_to_session",
    "broadcast",
    "send_many",
    "send_to_agent",
    "send_to_session",
    "subscribe",
]

Payload = Mapping[str, Any]


def send_many(items: Iterable[tuple[Channel, Event]]) -> list[int | None]:
    """Send events in one transaction; return their ids in the given order (None for an ephemeral one).

    Call it last in a transaction: it holds the counters of the channels (taken in sorted order) until commit. A
    transaction of its own is tried again if it loses a deadlock.
    Raises ValueError before anything is written if an event is no valid one.
    """
    wanted = list(items)
    different = {id(event): event for _, event in wanted}
    data = {key: encode(event) for key, event in different.items()}
    encoded = [(groups.parse(channel), event, data[id(event)]) for channel, event in wanted]
    return repeat_victims(lambda: _write_and_publish(encoded))


def _write_and_publish(encoded: Sequence[tuple[Channel, Event, bytes]]) -> list[int | None]:
    with transaction.atomic(savepoint=False):
        logged = iter(log.append([(channel, event.type, data) for channel, event, data in encoded if event.durable]))
        envelopes = [
            next(logged) if event.durable else Envelope(channel, event.type, None, data)
            for channel, event, data in encoded
        ]
        transaction.on_commit(lambda: publisher.publish(envelopes))
    return [envelope.number for envelope in envelopes]


def send_to_session(
    session_name: str, type: str, payload: Payload, *, source: Source = "system", durable: bool = True
) -> int | None:
    """Send one event to a session's channel and return its id (None if not durable).

    Raises ValueError for a name outside the pattern, a type that is not snake_case or a payload that is not JSON.
    """
    return _send(groups.session(session_name), Event(type, payload, source, durable))


def send_to_agent(
    agent_id: str, type: str, payload: Payload, *, source: Source = "system", durable: bool = True
) -> int | None:
    """Send one event to an agent's channel; as send_to_session."""
    return _send(groups.agent(agent_id), Event(type, payload, source, durable))


def broadcast(type: str, payload: Payload, *, source: Source = "system", durable: bool = True) -> int | None:
    """Send one event to everybody; as send_to_session."""
    return _send(groups.BROADCAST, Event(type, payload, source, durable))


async def asend_many(items: Iterable[tuple[Channel, Event]]) -> list[int | None]:
    """Async twin of send_many."""
    return await in_database(send_many, list(items))


async def asend_to_session(
    session_name: str, type: str, payload: Payload, *, source: Source = "system", durable: bool = True
) -> int | None:
    """Async twin of send_to_session."""
    return await in_database(send_to_session, session_name, type, payload, source=source, durable=durable)


async def asend_to_agent(
    agent_id: str, type: str, payload: Payload, *, source: Source = "system", durable: bool = True
) -> int | None:
    """Async twin of send_to_agent."""
    return await in_database(send_to_agent, agent_id, type, payload, source=source, durable=durable)


async def abroadcast(type: str, payload: Payload, *, source: Source = "system", durable: bool = True) -> int | None:
    """Async twin of broadcast."""
    return await in_database(broadcast, type, payload, source=source, durable=durable)


def _send(channel: Channel, event: Event) -> int | None:
    return send_many([(channel, event)])[0]
