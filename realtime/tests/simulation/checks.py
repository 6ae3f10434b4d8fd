"""The product's checks, each taken out by itself, and mended defects, each put back: the simulation must find that."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

from realtime import log
from realtime.database.batch import Batch
from realtime.delivery.catch_up import CatchUp
from realtime.delivery.feed import Feed, Mark
from realtime.delivery.opening import Opening, Positions, Start
from realtime.delivery.relay import Relay
from realtime.delivery.replay import Replay
from realtime.events import Envelope
from realtime.log import Head
from realtime.stream.stream import Stream

_offer, _merge, _reset, _put = Feed.offer, Feed.merge, Replay.reset, Stream.put
_start_all, _catch_up = Opening._start_all, CatchUp._catch_up


def without_duplicate_check(feed: Feed, envelope: Envelope, *, trusted: bool) -> Sequence[Envelope]:
    if envelope.number is not None and feed.last is not None and envelope.number <= feed.last:
        feed.last = envelope.number
        return (envelope,)
    return _offer(feed, envelope, trusted=trusted)


def without_gap_check(feed: Feed, envelope: Envelope, *, trusted: bool) -> Sequence[Envelope]:
    if envelope.number is not None and feed.last is not None and envelope.number > feed.last:
        feed.last = envelope.number - 1
    return _offer(feed, envelope, trusted=trusted)


def without_went_back_check(feed: Feed, mark: Mark, head: Head, logged: Sequence[Envelope]) -> list[Envelope]:
    return [] if head.last < mark.known else _merge(feed, mark, head, logged)


def without_confirmation(feed: Feed, upto: int, logged: Sequence[Envelope]) -> None:
    feed.unconfirmed.clear()


def without_mark(feed: Feed, mark: Mark, head: Head, logged: Sequence[Envelope]) -> list[Envelope]:
    """What is delivered during the read is judged by it, too."""
    return _merge(feed, feed.mark(), head, logged)


def without_dropping_forgeries(feed: Feed, mark: Mark, head: Head, logged: Sequence[Envelope]) -> list[Envelope]:
    return _merge(feed, Mark(mark.last, mark.known, mark.read_after, ()), head, logged)


def without_position(stream: Stream, frame: Any) -> None:
    """A live stream that writes what its replay brought already."""
    if stream.replay is None and frame.number is not None:
        stream._write(frame)
    else:
        _put(stream, frame)


async def register_last(self: Opening, subscriber: Any, positions: Positions) -> dict[str, Start]:
    starts = await self._batch(positions)
    self._relay.register(subscriber, positions)
    for channel, start in starts.items():
        feed = self._relay.feeds[channel]
        if feed.last is None:
            feed.begin(feed.mark(), Head(start.upto, 0))
    return starts


def reset_all(replay: Replay, channel: str, last: int) -> None:
    """The defect: a reset while a stream opens drops what is held of the other channels, too."""
    _reset(replay, channel, last)
    replay.held, replay.held_bytes = deque(), 0


def reset_in_silence(replay: Replay, channel: str, last: int) -> None:
    """The defect: a reset while a stream opens is not told."""
    _reset(replay, channel, last)
    if not replay.reached:
        replay.resets.pop(channel, None)


async def work_for_all(batch: Batch[Any, Any]) -> None:
    """As Batch was: also for those who wait no more."""
    while batch._waiting:
        await asyncio.sleep(0)
        part, batch._waiting = batch._waiting[: batch._most], batch._waiting[batch._most :]
        await batch._answer(part)


async def subscribe_by_batch(self: Opening, subscriber: Any, positions: Positions) -> dict[str, Start]:
    """The defect: an opening that is cancelled while it waits is registered by its batch afterwards."""
    try:
        return await self._batch((subscriber, positions))  # type: ignore[arg-type]
    except BaseException:
        self._relay.unsubscribe(subscriber, positions)
        raise


async def start_all_and_register(self: Opening, openings: Any) -> list[dict[str, Start]]:
    for subscriber, positions in openings:
        self._relay.register(subscriber, positions)
    return await _start_all(self, [positions for _, positions in openings])


async def without_safety_read(self: CatchUp, relay_: Relay) -> None:
    """Only gaps that were seen are read."""
    with mock.patch.object(log, "moved", return_value=[]):
        await _catch_up(self, relay_)


def hold_nothing(replay: Replay, frame: Any) -> None:
    pass


def hold_all(replay: Replay, frame: Any) -> None:
    replay.held.append(frame)
    replay.held_bytes += len(frame.body)


def patch(target: Any, name: str, value: Callable[..., Any]) -> Any:
    return mock.patch.object(target, name, value)


CHECKS: dict[str, Sequence[Any]] = {
    "duplicate": [patch(Feed, "offer", without_duplicate_check)],
    "gap": [patch(Feed, "offer", without_gap_check)],
    "confirmation": [patch(Feed, "_confirm", without_confirmation)],
    "release": [patch(Feed, "_release", lambda feed: [])],
    "went-back": [patch(Feed, "merge", without_went_back_check)],
    "mark": [patch(Feed, "merge", without_mark)],
    "forged-number": [patch(Feed, "merge", without_dropping_forgeries)],
    "safety-read": [patch(CatchUp, "_catch_up", without_safety_read)],
    "hold": [patch(Replay, "hold", hold_nothing)],
    "held-bound": [patch(Replay, "hold", hold_all)],
    "position": [patch(Stream, "put", without_position)],
    "register-first": [patch(Opening, "subscribe", register_last)],
    "reset-of-one": [patch(Replay, "reset", reset_all)],
    "reset-told": [patch(Replay, "reset", reset_in_silence)],
    "no-ghosts": [
        patch(Batch, "_work", work_for_all),
        patch(Opening, "subscribe", subscribe_by_batch),
        patch(Opening, "_start_all", start_all_and_register),
    ],
}
