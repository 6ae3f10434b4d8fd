"""One schedule: faults, commits and clients in random order, and what must hold at every step and at the end."""

import asyncio
import random as shared_random
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import Random
from unittest import mock

from realtime.delivery import feed, opening, relay, replay
from realtime.delivery.catch_up import CatchUp
from realtime.delivery.opening import Opening
from realtime.delivery.publisher import Publisher
from realtime.delivery.relay import Relay
from realtime.delivery.replay import Parts
from realtime.events import Envelope
from realtime.groups import BROADCAST, Channel, agent, session
from realtime.layers.protocol import Message
from realtime.stream import outbox
from realtime.stream.open_streams import OpenStreams
from realtime.tests.simulation.client import Broken, Client
from realtime.tests.simulation.loop import Stuck, VirtualLoop
from realtime.tests.simulation.world import FakeLayer, FakeLog, use

CHANNELS: tuple[Channel, ...] = (session("s-1"), agent("alice"), BROADCAST)
READERS = (CHANNELS[:1], CHANNELS[1:], CHANNELS, CHANNELS)
ACTIONS = (20, 30)
GAP_SECONDS = (0.0, 0.0, 0.001, 0.01, 0.05, 0.2)
# With the log readable and Redis in use or not: two safety reads, one of which may have begun before.
CURRENT_WITHIN_SECONDS = 1.0
FRAME_BYTES = 400

# Small, so that schedules of a few dozen events reach them.
LIMITS: list[AbstractContextManager[object]] = [
    mock.patch.object(feed, "MAX_OUT_OF_ORDER", 6),
    mock.patch.object(feed, "MAX_UNCONFIRMED", 8),
    mock.patch.object(feed, "MAX_READ", 5),
    mock.patch.object(replay, "PART_BYTES", 200),
    mock.patch.object(replay, "MAX_HELD_BYTES", 1_500),
    mock.patch.object(opening, "MAX_REPLAY", 30),
    mock.patch("realtime.stream.stream.MAX_REPLAY", 30),
    mock.patch.object(outbox, "MAX_BACKLOG_BYTES", 2_000),
    mock.patch.object(relay, "LINGER_SECONDS", 0.3),
]


def messages(envelopes: list[Envelope]) -> list[Message]:
    return [(each.channel, each.data) for each in envelopes]


class Schedule:
    """One process and its world. `run` raises Broken with what does not hold."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.trace: list[str] = []
        self.may_reset = False
        self.quiet_until = 0.0
        self.loop = VirtualLoop()
        self.log = FakeLog(self.random, CHANNELS)
        self.layer = FakeLayer(self.random)
        self.catch_up = CatchUp(self.layer)
        self.relay = Relay(self.layer, self.catch_up.soon)
        self.publisher = Publisher(self.loop, self.relay, self.layer)
        self.opening = Opening(self.relay)
        self.streams = OpenStreams(Parts())
        names = [f"c{i}" for i in range(self.random.randint(1, 4))]
        self.clients = [Client(name, self.random.choice(READERS), self.random) for name in names]
        self.log.between_reads = self._between_reads

    def run(self) -> None:
        use(self.log)
        shared_random.seed(self.seed)
        main = self.loop.create_task(self._run())
        try:
            self.loop.run_until_complete(main)
        except Stuck:
            raise Broken("everybody waits") from None
        finally:
            self._end()

    def _end(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    async def _run(self) -> None:
        await self.layer.open(self.relay)
        keeping = asyncio.create_task(self.catch_up.run(self.relay))
        for client in self.clients[: self.random.randint(0, len(self.clients))]:
            client.connect(self.relay, self.opening, self.streams)
        for _ in range(self.random.randint(*ACTIONS)):
            action = self.random.choice(ACTS)
            self.trace.append(f"{self.loop.now:.3f} {action.__name__}")
            quiet_seconds = action(self)
            await asyncio.sleep(quiet_seconds or self.random.choice(GAP_SECONDS))
            self._check_step(keeping)
        await self._check_end(keeping)

    # What must hold

    def _check_step(self, keeping: "asyncio.Task[None]") -> None:
        if keeping.done() or self.loop.failures:
            raise Broken(f"something failed: {self.loop.failures or keeping.exception()}")
        readers = {client.stream for client in self.clients}
        for each in self.relay.feeds.values():
            if len(each.out_of_order) > feed.MAX_OUT_OF_ORDER or len(each.unconfirmed) > feed.MAX_UNCONFIRMED:
                raise Broken(f"too much is held for {each.channel}")
            for subscriber in each.subscribers:
                if subscriber not in readers:
                    raise Broken(f"somebody who has left is subscribed to {each.channel}")
        for stream in self.streams.all:
            held = stream.replay.held_bytes if stream.replay is not None else 0
            if held > replay.MAX_HELD_BYTES or sum(map(len, stream._outbox)) > outbox.MAX_BACKLOG_BYTES + FRAME_BYTES:
                raise Broken(f"too much is held for {stream.channels}")

    async def _check_end(self, keeping: "asyncio.Task[None]") -> None:
        """The last fault is over: everybody who is there is current soon."""
        self._heal()
        await asyncio.sleep(0.45)  # what is under way, slow clients and messages that were delayed
        for client in self.clients:
            client.connect(self.relay, self.opening, self.streams)
        for channel in CHANNELS:
            commit_elsewhere(self, channel)
        await asyncio.sleep(CURRENT_WITHIN_SECONDS)
        self._check_step(keeping)
        for client in self.clients:
            if client.is_connected:
                self._check_current(client)
        for each in self.relay.feeds.values():
            if each.subscribers and (each.out_of_order or each.unconfirmed):
                raise Broken(f"{each.channel} still holds {list(each.out_of_order)} {list(each.unconfirmed)}")

    def _heal(self) -> None:
        self.trace.append(f"{self.loop.now:.3f} all faults end")
        self.log.between_reads = lambda: None
        self.log.is_failing = self.log.is_slow = self.layer.is_faulty = False
        self.layer.set_up(True)
        for client in self.clients:
            client.is_slow = False

    def _check_current(self, client: Client) -> None:
        last = {channel: self.log.head[channel].last for channel in client.channels}
        if client.position != last:
            raise Broken(f"{client.name} has {client.position} of {last}")
        for channel, seen in client.seen.items():
            for each in self.log.events[channel]:
                if seen.get(each.number or 0, each.data) != each.data:
                    raise Broken(f"{client.name} was given a forgery as {each.number} of {channel}")
        may_be_far_behind = max(last.values()) > opening.MAX_REPLAY
        if client.resets and not self.may_reset and not may_be_far_behind:
            raise Broken(f"{client.name} was reset without a reason")

    # What happens

    def pick(self) -> Client:
        return self.random.choice(self.clients)

    def channel(self) -> Channel:
        return self.random.choice(CHANNELS)

    def _between_reads(self) -> None:
        """Between two reads of one job others commit and prune."""
        chance = self.random.random()
        if self.loop.now < self.quiet_until:
            return
        if chance < 0.05:
            commit_elsewhere(self)
        elif chance < 0.06:
            prune(self)


def commit_here(it: Schedule) -> None:
    it.publisher.publish(it.log.commit(it.channel(), it.random.choice((1, 1, 2, 5))))


def commit_elsewhere(it: Schedule, channel: Channel | None = None) -> None:
    it.layer.carry(messages(it.log.commit(channel or it.channel(), it.random.choice((1, 1, 3)))))


def commit_and_die(it: Schedule) -> None:
    """As a process that ends before it publishes."""
    it.log.commit(it.channel(), 1)


def send_ephemeral(it: Schedule) -> None:
    envelope = it.log.make(it.channel(), None)
    if it.random.random() < 0.5:
        it.publisher.publish([envelope])
    else:
        it.layer.carry(messages([envelope]))


def send_garbage(it: Schedule) -> None:
    it.layer.carry([(it.channel(), b'{"type":"tick","payload":{},"id":-1}')])


def forge(it: Schedule) -> None:
    it.may_reset = True
    channel = it.channel()
    number = max(1, it.log.head[channel].last + it.random.choice((-1, 0, 1, 1, 2, 5, 500)))
    it.layer.carry(messages([it.log.make(channel, number)]))


def prune(it: Schedule) -> None:
    it.may_reset = True
    channel = it.channel()
    it.log.prune(channel, max(0, it.log.head[channel].last - it.random.choice((0, 1, 5))))


def restore_backup(it: Schedule) -> None:
    """The log goes back, and its numbers go on far beyond (docs/operations.md)."""
    it.may_reset = True
    channel = it.channel()
    last = it.log.head[channel].last
    it.log.take_back(channel, max(0, last - 2))
    it.log.skip(channel, last + 1_000)


def lose_end_of_log(it: Schedule) -> float:
    """The log goes back, and the numbers are given out again; not before everybody had time to see that."""
    it.may_reset = True
    it.log.is_failing = it.log.is_slow = False
    it.quiet_until = it.loop.now + 2 * CURRENT_WITHIN_SECONDS
    channel = it.channel()
    it.log.take_back(channel, max(0, it.log.head[channel].last - 2))
    return 2 * CURRENT_WITHIN_SECONDS


def flood(it: Schedule) -> None:
    it.may_reset = True  # who is slow is too far behind
    channel = it.channel()
    for _ in range(10):
        it.publisher.publish(it.log.commit(channel, 4))


def connect(it: Schedule) -> None:
    it.pick().connect(it.relay, it.opening, it.streams)


def leave(it: Schedule) -> None:
    it.pick().leave()


def slow_client(it: Schedule) -> None:
    client = it.pick()
    client.is_slow = not client.is_slow


def database_fails(it: Schedule) -> None:
    it.log.is_failing = not it.log.is_failing


def database_stalls(it: Schedule) -> None:
    it.log.is_slow = not it.log.is_slow


def layer_is_faulty(it: Schedule) -> None:
    it.layer.is_faulty = not it.layer.is_faulty


def layer_dies_or_comes_back(it: Schedule) -> None:
    it.layer.set_up(not it.layer.is_up)


ODDS: dict[Callable[[Schedule], float | None], int] = {
    commit_here: 20,
    commit_elsewhere: 20,
    commit_and_die: 4,
    send_ephemeral: 4,
    send_garbage: 1,
    forge: 2,
    prune: 1,
    restore_backup: 2,
    lose_end_of_log: 1,
    flood: 1,
    connect: 14,
    leave: 8,
    slow_client: 3,
    database_fails: 2,
    database_stalls: 3,
    layer_is_faulty: 5,
    layer_dies_or_comes_back: 4,
}
ACTS = [action for action, odds in ODDS.items() for _ in range(odds)]
