"""How many streams may be open at once, and what the one too many is told."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from realtime import metrics
from realtime.groups import Channel, session
from realtime.process import Process
from realtime.serving.routes import StreamRoute
from realtime.stream.request import Refusal, StreamRequest
from realtime.tests.conftest import until
from realtime.tests.test_stream import Client

pytestmark = pytest.mark.django_db(transaction=True)

MAY_ANSWER = threading.Event()


@pytest.fixture(autouse=True)
def limits(settings: Settings) -> Iterator[None]:
    settings.REALTIME_STREAM_LIMITS = {"session": 2, "address": 4}
    MAY_ANSWER.set()
    yield
    MAY_ANSWER.set()


def authorise(requests: Sequence[StreamRequest]) -> list[Refusal | tuple[Channel, ...]]:
    assert MAY_ANSWER.wait(10)
    return [
        Refusal(404, "NOT_FOUND", "No such session.")
        if request.kwargs["name"] == "unknown"
        else (session(request.kwargs["name"]),)
        for request in requests
    ]


def address_of(scope: Mapping[str, Any]) -> str:
    return str(dict(scope["headers"])[b"address"], "ascii")


def owner_of(request: StreamRequest) -> tuple[str, str]:
    return "session", request.kwargs["name"]


ROUTE = StreamRoute(authorise, address_of=address_of, owner_of=owner_of)


class Crowd(contextlib.AsyncExitStack):
    """Clients that open streams one after the other and leave at the end."""

    async def open(self, name: str = "s-1", address: str = "10.0.0.1") -> Client:
        client = self.begin(name, address)
        await until(lambda: client.body or client.is_over)
        return client

    def begin(self, name: str = "s-1", address: str = "10.0.0.1") -> Client:
        client = Client([(b"address", address.encode())], name=name)
        self.task = asyncio.create_task(ROUTE(client.scope, client.receive, client.send))
        self.push_async_callback(asyncio.wait, [self.task])
        self.callback(client.leave)
        return client


def is_refused(client: Client) -> bool:
    """As a passing fault, with a pause that is no storm."""
    if not client.is_over:
        return False
    assert (client.status, client.response_headers[b"content-type"]) == (200, b"text/event-stream")
    name, _, milliseconds = client.body.decode().strip().partition(": ")
    assert name == "retry"
    assert 15_000 <= int(milliseconds) <= 30_000
    return True


async def test_one_stream_of_a_session_too_many_is_refused(in_memory: Process) -> None:
    async with Crowd() as crowd:
        assert [is_refused(await crowd.open()) for _ in range(4)] == [False, False, True, True]
        assert not is_refused(await crowd.open("s-2"))


async def test_one_stream_of_an_address_too_many_is_refused(in_memory: Process) -> None:
    async with Crowd() as crowd:
        assert [is_refused(await crowd.open(f"s-{i}")) for i in range(6)] == [False] * 4 + [True] * 2
        assert not is_refused(await crowd.open("s-9", "10.0.0.2"))


async def test_a_stream_that_ends_makes_room(in_memory: Process) -> None:
    async with Crowd() as crowd:
        first, _ = await crowd.open(), await crowd.open()
        first.leave()
        await until(lambda: len(in_memory.streams.all) == 1)
        assert not is_refused(await crowd.open())
        assert is_refused(await crowd.open())


async def test_what_is_refused_takes_no_room(in_memory: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Crowd() as crowd:
        for _ in range(10):
            assert (await crowd.open("unknown")).status == 404
        with monkeypatch.context() as patch:
            patch.setattr("realtime.log.heads", unreadable)
            for _ in range(10):
                assert (await crowd.open()).is_over
        assert not is_refused(await crowd.open())
    assert not in_memory.limits._open


def unreadable(*arguments: object) -> None:
    raise OperationalError("database is locked")


async def test_streams_that_are_being_opened_count(in_memory: Process) -> None:
    MAY_ANSWER.clear()
    async with Crowd() as crowd:
        clients = [crowd.begin(f"s-{i}") for i in range(4)]
        await until(lambda: in_memory.limits._open.total() == 4)
        assert is_refused(await crowd.open("s-9"))
        crowd.task.cancel()
        MAY_ANSWER.set()
        await until(lambda: all(client.body for client in clients))


async def test_who_gives_up_while_it_is_opened_makes_room(in_memory: Process) -> None:
    MAY_ANSWER.clear()
    async with Crowd() as crowd:
        crowd.begin()
        await until(lambda: in_memory.limits._open.total() == 1)
        crowd.task.cancel()
        await until(crowd.task.done)
        assert not in_memory.limits._open
        MAY_ANSWER.set()


async def test_without_limits_any_number_is_open(in_memory: Process, settings: Settings) -> None:
    settings.REALTIME_STREAM_LIMITS = {}
    async with Crowd() as crowd:
        assert not any([is_refused(await crowd.open()) for _ in range(20)])


async def test_refusals_are_counted_and_logged_once(in_memory: Process, caplog: pytest.LogCaptureFixture) -> None:
    counter = metrics.STREAMS_REFUSED.labels("session")
    before = counter._value.get()
    async with Crowd() as crowd:
        for _ in range(6):
            await crowd.open()
    assert counter._value.get() - before == 4
    assert [record.getMessage() for record in caplog.records if record.name == "realtime.stream.limits"] == [
        "refused a stream, too many are open limit=session"
    ]
