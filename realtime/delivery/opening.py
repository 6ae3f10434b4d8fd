"""How a subscription begins: register, join and wait for Redis, read the log; in this order nothing falls between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from realtime import log, metrics
from realtime.database import read_database
from realtime.database.batch import Batch
from realtime.delivery.feed import Subscriber
from realtime.delivery.relay import Relay, flush
from realtime.log import Head

MAX_REPLAY = 1_000
Positions = Mapping[str, int | None]  # {channel: number that the subscriber has, None for live from now}


@dataclass(frozen=True, slots=True)
class Start:
    """How one channel begins: after number `after`, with what the log has up to `upto`, then live.

    `reset`: `after` is not where the subscriber wanted to go on.
    """

    after: int
    upto: int
    reset: bool


class Opening:
    """Subscribes to the relay; all that begin at the same moment share one query."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._batch = Batch(self._start_all)

    @property
    def is_idle(self) -> bool:
        """Whether every subscriber has begun."""
        return self._batch.is_idle

    async def subscribe(self, subscriber: Subscriber, positions: Positions) -> dict[str, Start]:
        """Begin to deliver channels to a subscriber.

        Live events are put to it already before this returns. It must hold them back until it has handled `Start`, and
        then drop those up to where `Start` brought it (Replay). Raises DatabaseError if the log cannot be read; then,
        and when it is cancelled, nothing is subscribed.
        """
        self._relay.register(subscriber, positions)
        try:
            return await self._batch(positions)
        except BaseException:
            self._relay.unsubscribe(subscriber, positions)
            raise

    async def _start_all(self, openings: Sequence[Positions]) -> list[dict[str, Start]]:
        channels = dict.fromkeys(channel for positions in openings for channel in positions)
        feeds = [feed for channel in channels if (feed := self._relay.feeds.get(channel)) is not None]
        await self._relay.join(feeds)
        marks = [feed.mark() for feed in feeds]
        heads = await read_database(log.heads, channels)
        for feed, mark in zip(feeds, marks, strict=True):
            if self._relay.feeds.get(feed.channel) is feed:  # else all its subscribers have left meanwhile
                self._relay.begin(feed, mark, heads[feed.channel])
        flush(feeds)
        return [
            {channel: _start(number, heads[channel]) for channel, number in positions.items()} for positions in openings
        ]


def _start(number: int | None, head: Head) -> Start:
    if number is None:
        return Start(head.last, head.last, reset=False)
    if not head.pruned <= number <= head.last or head.last - number > MAX_REPLAY:
        metrics.RESETS.inc()
        return Start(head.last, head.last, reset=True)
    return Start(number, head.last, reset=False)
