"""One SSE stream, from request to bytes, over ASGI."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import OperationalError
from django_eventstream.utils import sse_encode_event
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from realtime import api
from realtime.groups import BROADCAST, Channel, agent, session
from realtime.process import Process
from realtime.serving.routes import StreamRoute
from realtime.stream import outbox
from realtime.stream.position import encode_position
from realtime.stream.request import Authorise, Refusal, StreamRequest, last_event_id, wanted_position
from realtime.tests.conftest import until, use_redis

pytestmark = pytest.mark.django_db(transaction=True)

ALICE = agent("alice")
FORBIDDEN: set[str] = set()


def grant_session(requests: Sequence[StreamRequest]) -> list[Refusal | tuple[Channel, ...]]:
    return [
        Refusal(404, "NOT_FOUND", "No such session.")
        if request.kwargs["name"] in FORBIDDEN
        else (session(request.kwargs["name"]),)
        for request in requests
    ]


def grant_agent(requests: Sequence[StreamRequest]) -> list[Refusal | tuple[Channel, ...]]:
    return [(ALICE, BROADCAST) for _ in requests]


@dataclass
class Client:
    """The client's end of a stream, without a server between."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    query: bytes = b""
    name: str = "s-1"
    method: str = "GET"
    status: int = 0
    response_headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    is_over: bool = False

    def __post_init__(self) -> None:
        self._gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.response_headers = dict(message["headers"])
            return
        self.body += message["body"]
        if not message.get("more_body"):
            self.is_over = True
            self._gone.set()

    def leave(self) -> None:
        self._gone.set()

    @property
    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "method": self.method,
            "headers": list(self.headers),
            "query_string": self.query,
            "url_route": {"kwargs": {"name": self.name}},
        }

    @property
    def events(self) -> list[dict[str, str]]:
        """The complete events so far, as {field: value}."""
        blocks = self.body.decode().split("\n\n")[:-1]
        parsed = [dict(line.split(": ", 1) for line in block.split("\n") if ": " in line) for block in blocks]
        return [event for event in parsed if "event" in event]

    def of_type(self, event_type: str) -> list[dict[str, Any]]:
        return [json.loads(event["data"]) for event in self.events if event["event"] == event_type]


@contextlib.asynccontextmanager
async def connected(client: Client, authorise: Authorise = grant_session) -> AsyncIterator[Client]:
    task = asyncio.create_task(StreamRoute(authorise)(client.scope, client.receive, client.send))
    await until(lambda: client.body or client.is_over)
    yield client
    client.leave()
    await task


async def test_first_block_has_retry_and_position(in_memory: Process) -> None:
    await api.asend_to_session("s-1", "tick", {})
    before = int(time.time() * 1_000)
    async with connected(Client()) as client:
        assert client.status == 200
        assert client.body.startswith(b"retry: ")
        [opened] = client.events
    assert opened["event"] == "stream-open"
    assert opened["id"] == "sse_session_s-1:1"
    # Not to the second: what was said in the second before was missed, in the second after it was not.
    assert before <= json.loads(opened["data"])["payload"]["time_ms"] <= time.time() * 1_000


async def test_headers_are_the_contracts(in_memory: Process) -> None:
    async with connected(Client()) as client:
        assert client.response_headers == {
            b"content-type": b"text/event-stream",
            b"cache-control": b"no-store",
            b"x-accel-buffering": b"no",
        }


async def test_event_carries_type_position_and_envelope(in_memory: Process) -> None:
    async with connected(Client()) as client:
        await api.asend_to_session("s-1", "new_message", {"content": "你好\n<script>"})
        await until(lambda: client.of_type("new_message"))
    assert client.events[-1]["id"] == "sse_session_s-1:1"
    assert client.of_type("new_message")[0]["payload"] == {"content": "你好\n<script>"}


@pytest.mark.parametrize("how", ["header", "query"])
async def test_stream_is_resumed(in_memory: Process, how: str) -> None:
    for i in range(4):
        await api.asend_to_session("s-1", "tick", {"i": i})
    position = b"sse_session_s-1:2"
    client = Client([(b"last-event-id", position)]) if how == "header" else Client(query=b"lastEventId=" + position)
    async with connected(client):
        await until(lambda: len(client.of_type("tick")) == 2)
    assert [event["id"] for event in client.of_type("tick")] == [3, 4]
    assert client.events[0]["id"] == "sse_session_s-1:2"  # dropping now, it would come back for the same


async def test_header_wins_over_query(in_memory: Process) -> None:
    for i in range(4):
        await api.asend_to_session("s-1", "tick", {"i": i})
    client = Client([(b"last-event-id", b"sse_session_s-1:3")], b"lastEventId=sse_session_s-1:0")
    async with connected(client):
        await until(lambda: client.of_type("tick"))
    assert [event["id"] for event in client.of_type("tick")] == [4]


async def test_two_channels_have_one_position(in_memory: Process) -> None:
    async with connected(Client(), grant_agent) as client:
        await api.asend_to_agent("alice", "tick", {})
        await api.abroadcast("tick", {})
        await api.abroadcast("tick", {})
        await until(lambda: len(client.of_type("tick")) == 3)
    assert client.events[-1]["id"] == encode_position({ALICE: 1, BROADCAST: 2})


@pytest.mark.parametrize(
    "position",
    ["garbage", "c:abc", "sse_session_s-1:99", "sse_session_other:1", "sse_session_s-1:-1", "error", ":" * 50],
)
async def test_useless_position_gets_one_reset_then_live(in_memory: Process, position: str) -> None:
    await api.asend_to_session("s-1", "tick", {})
    async with connected(Client([(b"last-event-id", position.encode())])) as client:
        await api.asend_to_session("s-1", "tick", {})
        await until(lambda: client.of_type("tick"))
    assert [event["event"] for event in client.events] == ["stream-open", "reset", "tick"]
    assert client.of_type("reset")[0]["payload"] == {"channels": ["sse_session_s-1"]}


async def test_channel_that_the_position_does_not_name_is_reset(in_memory: Process) -> None:
    await api.abroadcast("tick", {})
    async with connected(Client(query=b"lastEventId=sse_broadcast:0"), grant_agent) as client:
        await until(lambda: client.of_type("tick"))
    assert client.of_type("reset")[0]["payload"] == {"channels": [ALICE]}


async def test_more_than_a_thousand_missed_is_a_reset(in_memory: Process) -> None:
    await api.asend_many([(session("s-1"), api.Event("tick", {})) for _ in range(1_001)])
    async with connected(Client(query=b"lastEventId=sse_session_s-1:0")) as client:
        await until(lambda: client.of_type("reset"))
        assert not client.of_type("tick")
    async with connected(Client(query=b"lastEventId=sse_session_s-1:1")) as client:
        await until(lambda: len(client.of_type("tick")) == 1_000)


@given(header=st.binary(max_size=60), query=st.binary(max_size=60))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_position_raises(header: bytes, query: bytes) -> None:
    scope = {"headers": [(b"last-event-id", header)], "query_string": b"lastEventId=" + query}
    wanted = wanted_position(last_event_id(scope), (session("s-1"),))
    assert set(wanted) == {"sse_session_s-1"}


async def test_refused_stream_gets_the_error_object(in_memory: Process) -> None:
    FORBIDDEN.add("s-9")
    async with connected(Client(name="s-9")) as client:
        pass
    assert client.status == 404
    assert json.loads(client.body) == {"error": {"code": "NOT_FOUND", "message": "No such session."}}


async def test_other_methods_are_refused(in_memory: Process) -> None:
    async with connected(Client(method="POST")) as client:
        pass
    assert client.status == 405


async def test_stream_ends_when_its_right_is_withdrawn(in_memory: Process) -> None:
    async with connected(Client(name="s-7")) as client:
        FORBIDDEN.add("s-7")
        await until(lambda: client.is_over, 2)


async def test_unreadable_log_is_a_passing_fault(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*args: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("realtime.log.heads", locked)
    async with connected(Client()) as client:
        pass
    assert client.status == 200
    assert client.body.startswith(b"retry: ")
    assert client.is_over


async def test_loss_and_return_of_redis_is_told(in_memory: Process) -> None:
    async with connected(Client()) as client:
        in_memory.relay.link_changed(1.0)
        in_memory.relay.link_changed(None)
        await until(lambda: client.of_type("recovered"))
    assert client.of_type("degraded")


async def test_stream_that_opens_while_degraded_is_told(
    settings: Settings, dead_redis_url: str, fresh_process: None
) -> None:
    use_redis(settings, dead_redis_url)
    async with connected(Client()) as client:
        await until(lambda: client.of_type("degraded"))


async def test_quiet_stream_is_kept_alive(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEEP_ALIVE_SECONDS", 0.1)
    async with connected(Client()) as client:
        await until(lambda: b"\n:\n\n" in client.body)


async def test_a_page_can_see_that_a_quiet_stream_is_alive(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEEP_ALIVE_SECONDS", 0.1)
    async with connected(Client(query=b"pulse=1")) as client:
        await until(lambda: b"event: keep-alive\ndata:\n\n" in client.body)
        assert b"\n:\n\n" not in client.body


class StuckClient(Client):
    """A client whose connection takes nothing until it is told to."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.takes = asyncio.Event()
        self.written_bytes = 0

    async def send(self, message: dict[str, Any]) -> None:
        self.written_bytes += len(message.get("body", b""))
        if message["type"] == "http.response.body" and self.body:
            await self.takes.wait()
        await super().send(message)


async def test_slow_reader_gets_everything_in_order(in_memory: Process) -> None:
    client = StuckClient()
    async with connected(client):
        for i in range(50):
            await api.asend_to_session("s-1", "tick", {"i": i})
        client.takes.set()
        await until(lambda: len(client.of_type("tick")) == 50)
    assert [event["id"] for event in client.of_type("tick")] == list(range(1, 51))


async def test_reader_with_too_much_unsent_is_cut_off(in_memory: Process) -> None:
    client = StuckClient()
    async with connected(client):
        [open_stream] = in_memory.streams.all
        for _ in range(30):
            await api.asend_to_session("s-1", "tick", {"text": "x" * 10_000})
        await until(lambda: open_stream.ended)
        client.takes.set()
    assert len(client.of_type("tick")) < 30


async def test_two_streams_share_the_encoded_event(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []

    def encode(event_type: str, data: str) -> str:
        encoded.append(event_type)
        return str(sse_encode_event(event_type, data))

    monkeypatch.setattr("realtime.delivery.frame.sse_encode_event", encode)
    async with connected(Client()) as first, connected(Client()) as second:
        await api.asend_to_session("s-1", "tick", {})
        await until(lambda: first.of_type("tick") and second.of_type("tick"))
    assert encoded == ["tick"]
