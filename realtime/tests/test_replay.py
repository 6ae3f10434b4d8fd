"""What a stream gets that opens: what it missed, in parts as its client takes them, then what came meanwhile."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from django.db import OperationalError, connection

from realtime import api, log
from realtime.api import Event
from realtime.database import in_database
from realtime.database.batch import Batch
from realtime.delivery import replay
from realtime.delivery.frame import Frame
from realtime.delivery.replay import Replay
from realtime.events import decode
from realtime.groups import BROADCAST, Channel, agent, session
from realtime.process import Process
from realtime.serving.routes import StreamRoute
from realtime.stream.request import StreamRequest
from realtime.tests.conftest import until
from realtime.tests.test_stream import Client, StuckClient, connected

pytestmark = pytest.mark.django_db(transaction=True)

ALICE = agent("alice")
S_1 = session("s-1")
FROM_THE_START = b"lastEventId=sse_session_s-1:0"
LARGE: dict[str, Any] = {"text": "x" * 20_000}


async def send(count: int, channel: Channel = S_1, **payload: Any) -> None:
    """Events `i` = 0, 1, 2 …; of one transaction, so that a large number is quick."""
    await api.asend_many([(channel, Event("tick", {**payload, "i": i})) for i in range(count)])


def ids(client: Client) -> list[int]:
    return [event["id"] for event in client.of_type("tick")]


class SlowToBegin(Client):
    """A client whose server is slow to send the response's head."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.begins, self.may_begin = asyncio.Event(), asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.begins.set()
            await self.may_begin.wait()
        await super().send(message)


@contextlib.asynccontextmanager
async def opening(client: Client, authorise: Any = None) -> AsyncIterator[asyncio.Task[None]]:
    """A stream that begins to open; the client leaves at the end."""
    route = StreamRoute(authorise or grant_session)
    task = asyncio.create_task(route(client.scope, client.receive, client.send))
    yield task
    client.leave()
    await asyncio.wait([task])


def grant_session(requests: Sequence[StreamRequest]) -> list[tuple[Channel, ...]]:
    return [(session(request.kwargs["name"]),) for request in requests]


def grant_agent(requests: Sequence[StreamRequest]) -> list[tuple[Channel, ...]]:
    return [(ALICE, BROADCAST) for _ in requests]


def subscribers(process: Process) -> int:
    return sum(len(feed.subscribers) for feed in process.relay.feeds.values())


class StalledLog:
    """The log's reads wait, as behind a lock on its tables."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_asked, self.answers = threading.Event(), threading.Event()
        read_heads = log.heads

        def heads(channels: Any) -> Any:
            self.is_asked.set()
            assert self.answers.wait(10)
            return read_heads(channels)

        monkeypatch.setattr("realtime.log.heads", heads)


@pytest.fixture
def stalled_log(monkeypatch: pytest.MonkeyPatch, in_memory: Process) -> StalledLog:
    return StalledLog(monkeypatch)


async def test_a_large_replay_comes_whole_and_in_order(in_memory: Process) -> None:
    await send(60, S_1, **LARGE)
    async with connected(Client(query=FROM_THE_START)) as client:
        await until(lambda: len(ids(client)) == 60)
        await send(1)
        await until(lambda: len(ids(client)) == 61)
    assert ids(client) == list(range(1, 62))
    assert not client.of_type("reset")


async def test_a_client_that_does_not_read_is_given_one_part_of_its_replay(in_memory: Process) -> None:
    await send(60, S_1, **LARGE)
    client = StuckClient(query=FROM_THE_START)
    async with connected(client):
        [stream] = in_memory.streams.all
        await until(lambda: stream._paused_since is not None)
        await send(1)  # comes when the stream has long taken all that it would take
        assert client.written_bytes < 2 * replay.PART_BYTES
        client.takes.set()
        await until(lambda: len(ids(client)) == 61)
    assert ids(client) == list(range(1, 62))


async def test_replays_at_the_same_time_are_read_once(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    await send(10)
    read = []

    def read_part(channel: str, after: int, max_bytes: int) -> Any:
        read.append(after)
        return read_part_of_log(channel, after, max_bytes)

    read_part_of_log = log.read_part
    monkeypatch.setattr("realtime.log.read_part", read_part)
    clients = [Client(query=FROM_THE_START) for _ in range(10)]
    async with contextlib.AsyncExitStack() as stack:
        for client in clients:
            await stack.enter_async_context(opening(client))
        await until(lambda: all(len(ids(client)) == 10 for client in clients))
    assert read == [0]


async def test_what_comes_during_a_replay_comes_after_it(in_memory: Process) -> None:
    await send(30, S_1, **LARGE)
    client = StuckClient(query=FROM_THE_START)
    async with connected(client):
        for _ in range(10):
            await send(1)
        await api.asend_to_session("s-1", "typing", {}, durable=False)
        client.takes.set()
        await until(lambda: client.of_type("typing"))
    assert ids(client) == list(range(1, 41))


async def test_more_than_may_be_held_back_is_read_from_the_log(in_memory: Process) -> None:
    await send(30, S_1, **LARGE)
    client = StuckClient(query=FROM_THE_START)
    async with connected(client):
        await send(30, S_1, **LARGE)  # 600 KB, of which no stream keeps more than MAX_HELD_BYTES
        [stream] = in_memory.streams.all
        assert stream.replay is not None
        assert stream.replay.held_bytes <= replay.MAX_HELD_BYTES
        client.takes.set()
        await until(lambda: len(ids(client)) == 60)
        await send(1)
        await until(lambda: len(ids(client)) == 61)
    assert ids(client) == list(range(1, 62))


async def test_an_opening_that_the_database_holds_up_loses_nothing(in_memory: Process, stalled_log: StalledLog) -> None:
    client = Client(query=FROM_THE_START)
    async with opening(client):
        await until(stalled_log.is_asked.is_set)
        await send(60, S_1, **LARGE)
        stalled_log.answers.set()
        await until(lambda: len(ids(client)) == 60)
    assert ids(client) == list(range(1, 61))


def test_of_what_comes_meanwhile_a_bounded_amount_is_held() -> None:
    waiting = Replay()
    data = b'{"type":"tick","payload":{"a":"%b"},"id":%%d}' % (b"x" * 10_000)
    for number in range(1, 101):
        waiting.hold(frame_of(data % number))
    waiting.hold(frame_of(data % 1, "sse_broadcast"))
    assert waiting.held_bytes <= replay.MAX_HELD_BYTES
    held = [frame.number for frame in waiting.held if frame.channel == "sse_session_s-1"]
    assert held == list(
        range(waiting.upto["sse_session_s-1"] + 1, 101)
    )  # nothing between what is read and what is held


def test_small_events_are_counted_by_what_holding_them_costs() -> None:
    waiting = Replay()
    frame = frame_of(b'{"type":"tick","payload":{}}')
    for _ in range(5_000):
        waiting.hold(frame)
    assert len(waiting.held) <= replay.MAX_HELD_BYTES / replay.HELD_OVERHEAD_BYTES


def frame_of(data: bytes, channel: str = "sse_session_s-1") -> Frame:
    return Frame(decode(channel, data))


async def test_events_that_are_cut_from_the_log_during_a_replay_are_a_reset(in_memory: Process) -> None:
    await send(60, S_1, **LARGE)
    client = StuckClient(query=FROM_THE_START)
    async with connected(client):
        await in_database(cut, 50)
        client.takes.set()
        await until(lambda: client.of_type("reset"))
        await send(1)
        await until(lambda: 61 in ids(client))
    got = ids(client)
    assert got == [*range(1, len(got)), 61]
    assert len(got) < 50
    assert client.of_type("reset")[0]["payload"] == {"channels": ["sse_session_s-1"]}


def cut(upto: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM realtime_loggedevent WHERE number <= %s", [upto])
        cursor.execute("UPDATE realtime_channelhead SET pruned = %s", [upto])


async def test_a_replay_that_the_database_stops_is_gone_on_with_later(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(3)

    def locked(*arguments: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("realtime.log.read_part", locked)
    async with connected(Client(query=FROM_THE_START)) as client:
        await until(lambda: client.is_over)
    assert client.status == 200
    assert client.body.rstrip().rsplit(b"\n", 1)[-1].startswith(b"retry: ")
    assert client.events[-1]["id"] == "sse_session_s-1:0"  # where it comes back


async def test_a_stream_can_end_during_its_replay(in_memory: Process) -> None:
    await send(60, S_1, **LARGE)
    client = StuckClient(query=FROM_THE_START)
    async with opening(client) as task:
        await until(lambda: client.body)
        in_memory.streams.drain()
        client.takes.set()
        await until(task.done)
    assert client.is_over
    assert not in_memory.streams.all


async def test_two_channels_are_replayed_together(in_memory: Process) -> None:
    await send(20, ALICE, **LARGE)
    await send(20, BROADCAST, **LARGE)
    client = Client(query=b"lastEventId=sse_agent_alice:5,sse_broadcast:10")
    async with connected(client, grant_agent):
        await until(lambda: len(ids(client)) == 25)
    assert ids(client) == [*range(6, 21), *range(11, 21)]
    assert client.events[-1]["id"] == "sse_agent_alice:20,sse_broadcast:20"


async def test_a_reset_of_one_channel_while_a_stream_opens_is_told_and_costs_the_others_nothing(
    in_memory: Process,
) -> None:
    await send(3, ALICE)
    client = SlowToBegin()
    async with opening(client, grant_agent):
        await until(client.begins.is_set)
        await send(1, BROADCAST)
        await in_database(take_back, ALICE, 1)
        await until(lambda: in_memory.relay.feeds[ALICE].last == 1)
        client.may_begin.set()
        await send(1, ALICE)
        await until(lambda: len(client.of_type("tick")) == 2)
    assert [event["event"] for event in client.events] == ["stream-open", "reset", "tick", "tick"]
    assert client.of_type("reset")[0]["payload"] == {"channels": [ALICE]}
    assert client.events[-1]["id"] == "sse_agent_alice:2,sse_broadcast:1"


def take_back(channel: Channel, last: int) -> None:
    """As a backup that is restored."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM realtime_loggedevent WHERE channel = %s AND number > %s", [channel, last])
        cursor.execute("UPDATE realtime_channelhead SET last = %s WHERE channel = %s", [last, channel])


async def test_a_reset_during_a_replay_ends_it_for_that_channel(in_memory: Process) -> None:
    await send(60, ALICE, **LARGE)
    await send(2, BROADCAST)
    client = StuckClient(query=b"lastEventId=sse_agent_alice:0,sse_broadcast:0")
    async with connected(client, grant_agent):
        await in_database(take_back, ALICE, 30)
        await until(lambda: in_memory.relay.feeds[ALICE].last == 30)
        client.takes.set()
        await until(lambda: client.of_type("reset"))
        await send(1, ALICE)
        await until(lambda: client.events[-1]["id"] == "sse_agent_alice:31,sse_broadcast:2")
    assert len(client.of_type("reset")) == 1
    assert [event["event"] for event in client.events].count("tick") < 60


async def test_who_gives_up_while_openings_stall_leaves_nothing_behind(
    in_memory: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_joining, goes_on = asyncio.Event(), asyncio.Event()
    join = in_memory.layer.join

    async def join_slowly(channels: Any) -> bool:
        is_joining.set()
        await goes_on.wait()
        return await join(channels)

    monkeypatch.setattr(in_memory.layer, "join", join_slowly)
    async with opening(Client(name="s-1")) as under_way:
        await until(is_joining.is_set)
        async with opening(Client(name="s-2")) as waiting:
            await until(lambda: in_memory.opening._batch._waiting)
            for task in (under_way, waiting):
                task.cancel()
            await asyncio.wait([under_way, waiting])
            goes_on.set()
            async with connected(Client(name="s-3")):
                assert subscribers(in_memory) == 1
    assert subscribers(in_memory) == 0


async def test_an_answer_that_nobody_waits_for_is_not_asked_for() -> None:
    asked: list[int] = []
    goes_on = asyncio.Event()

    async def job(keys: Sequence[int]) -> Sequence[int]:
        asked.extend(keys)
        await goes_on.wait()
        return keys

    batch: Callable[[int], Awaitable[int]] = Batch(job)
    tasks = [asyncio.ensure_future(batch(1))]
    await until(lambda: asked)
    tasks += [asyncio.ensure_future(batch(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks] == [False, True, False]
    assert asked == [1, 3]
