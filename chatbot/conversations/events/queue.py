"""Events of the queue."""

from typing_extensions import TypedDict

from chatbot.conversations.events.base import Outgoing
from realtime import groups
from realtime.events import Event


class QueueUpdate(TypedDict):
    """The length of the queue and how long its first customer has waited."""

    waiting: int
    longest_wait_seconds: int


class QueuePosition(TypedDict):
    """The place of one waiting customer, from 1."""

    position: int


def queue_update(*, waiting: int, longest_wait_seconds: int) -> Outgoing:
    payload: QueueUpdate = {"waiting": waiting, "longest_wait_seconds": longest_wait_seconds}
    return groups.BROADCAST, Event("queue_update", dict(payload), "system", durable=False)


def queue_position(session_name: str, position: int) -> Outgoing:
    payload: QueuePosition = {"position": position}
    return groups.session(session_name), Event("queue_position", dict(payload), "system", durable=False)
