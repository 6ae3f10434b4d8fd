"""Send events and subscribe to them, from anywhere: views, async code, commands, threads.

Inside a transaction an event is part of it: published after commit, never sent after a rollback. Outside, it has a
transaction of its own. A caller never waits for Redis and never gets its errors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction

from realtime import groups, log, process
from realtime.database import in_database, retry_on_deadlock
from realtime.events import SYSTEM, Envelope, Event, encode
from realtime.groups import Channel
from realtime.log import numbering
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


@dataclass(slots=True)
class _Sending:
    channel: Channel
    event: Event
    data: bytes
    id: int | None = None
    row: int | None = None  # in the log, if its number comes after the commit


def send_many(items: Iterable[tuple[Channel, Event]]) -> list[int | None]:
    """Send events in one transaction; return their ids in the given order (None for an ephemeral one).

    Ephemeral events alone take no transaction and no statement.

    Call it last in a transaction: it holds the counters of the channels (taken in sorted order) until commit. A
    transaction of its own is tried again if it loses a deadlock. On PostgreSQL a broadcast event inside the caller's
    transaction has no id yet (None): it gets one after the commit (realtime/log/numbering.py).
    Raises ValueError before anything is written if an event is no valid one.
    """
    wanted = list(items)
    different = {id(event): event for _, event in wanted}
    data = {key: encode(event) for key, event in different.items()}
    sendings = [_Sending(groups.parse(channel), event, data[id(event)]) for channel, event in wanted]
    if not any(event.durable for event in different.values()):
        _publish_on_commit([Envelope(each.channel, each.event.type, None, each.data) for each in sendings])
        return [None] * len(sendings)
    retry_on_deadlock(lambda: _write_and_publish(sendings))
    later = [sending for sending in sendings if sending.row is not None]
    if later and not connection.in_atomic_block:
        _number_now(later)
    return [sending.id for sending in sendings]


def _number_now(later: Sequence[_Sending]) -> None:
    """Number what was committed. A fault is not raised: the events are sent soon, only their ids are unknown here."""
    try:
        process.current().numberer.number()
        for sending, number in zip(later, numbering.numbers_of([each.row for each in later]), strict=True):
            sending.id = number
    except DatabaseError:
        process.current().numberer.soon()


def _write_and_publish(sendings: Sequence[_Sending]) -> None:
    is_callers_transaction = connection.in_atomic_block
    durable = [sending for sending in sendings if sending.event.durable]
    later = [sending for sending in durable if numbering.comes_later(sending.channel)]
    with transaction.atomic(savepoint=False):
        for sending in later:
            sending.row = numbering.append(sending.channel, sending.event.type, sending.data)
        logged = iter(log.append([(each.channel, each.event.type, each.data) for each in durable if each.row is None]))
        envelopes = []
        for sending in sendings:
            if not sending.event.durable:
                envelopes.append(Envelope(sending.channel, sending.event.type, None, sending.data))
            elif sending.row is None:
                envelopes.append(next(logged))
                sending.id = envelopes[-1].number
        _publish_on_commit(envelopes)
        if later and is_callers_transaction:
            transaction.on_commit(lambda: process.current().numberer.soon())


def _publish_on_commit(envelopes: Sequence[Envelope]) -> None:
    """At once outside a transaction."""
    transaction.on_commit(lambda: process.current().publisher.publish(envelopes))


def send_to_session(
    session_name: str, type: str, payload: Payload, *, source: str = SYSTEM, durable: bool = True
) -> int | None:
    """Send one event to a session's channel and return its id (None if not durable).

    Raises ValueError for a name outside the pattern, a type that is not snake_case or a payload that is not JSON.
    """
    return _send(groups.session(session_name), Event(type, payload, source, durable))


def send_to_agent(
    agent_id: str, type: str, payload: Payload, *, source: str = SYSTEM, durable: bool = True
) -> int | None:
    """Send one event to an agent's channel; as send_to_session."""
    return _send(groups.agent(agent_id), Event(type, payload, source, durable))


def broadcast(type: str, payload: Payload, *, source: str = SYSTEM, durable: bool = True) -> int | None:
    """Send one event to everybody; as send_to_session, but for the id in a caller's transaction (see send_many)."""
    return _send(groups.BROADCAST, Event(type, payload, source, durable))


async def asend_many(items: Iterable[tuple[Channel, Event]]) -> list[int | None]:
    """Async twin of send_many."""
    return await in_database(send_many, list(items))


async def asend_to_session(
    session_name: str, type: str, payload: Payload, *, source: str = SYSTEM, durable: bool = True
) -> int | None:
    """Async twin of send_to_session."""
    return await in_database(send_to_session, session_name, type, payload, source=source, durable=durable)


async def asend_to_agent(
    agent_id: str, type: str, payload: Payload, *, source: str = SYSTEM, durable: bool = True
) -> int | None:
    """Async twin of send_to_agent."""
    return await in_database(send_to_agent, agent_id, type, payload, source=source, durable=durable)


async def abroadcast(type: str, payload: Payload, *, source: str = SYSTEM, durable: bool = True) -> int | None:
    """Async twin of broadcast."""
    return await in_database(broadcast, type, payload, source=source, durable=durable)


def _send(channel: Channel, event: Event) -> int | None:
    return send_many([(channel, event)])[0]
