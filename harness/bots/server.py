"""A small HTTP server that answers as it is told, in pieces, and can stall and break off."""

import asyncio
import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
HOLD_LOOK_SECONDS = 0.01


class Stall:
    """Say nothing more until the client goes away."""


class BreakOff:
    """Cut the connection in the middle of the answer."""


class Hold:
    """Wait in the middle of the answer until it is released, from any thread."""

    def __init__(self) -> None:
        self._released = threading.Event()

    def release(self) -> None:
        self._released.set()

    async def wait(self) -> None:
        while not self._released.is_set():
            await asyncio.sleep(HOLD_LOOK_SECONDS)


STALL, BREAK_OFF = Stall(), BreakOff()

Step = bytes | Stall | BreakOff | Hold


@dataclass(frozen=True)
class Answer:
    """A response: its status, and its body in steps, each sent at once."""

    steps: Sequence[Step]
    status: int = 200
    content_type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Received:
    """A request; `client_left` is set once its connection is closed by the other side before the answer's end."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    client_left: asyncio.Event = field(default_factory=asyncio.Event)


Behaviour = Callable[[Received], Answer]


class StubBot:
    """Answers each request by the next of `plans`, and when there are none as `behaviour` says."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.plans: deque[Answer] = deque()
        self.received: list[Received] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._arrived = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for request in self.received:
            request.client_left.set()

    async def wait_for(self, path: str) -> Received:
        """The first request to a path that ends so, once it came."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: any(each.path.endswith(path) for each in self.received))
        return next(each for each in self.received if each.path.endswith(path))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await _read_request(reader)
            self.received.append(request)
            async with self._arrived:
                self._arrived.notify_all()
            answer = self.plans.popleft() if self.plans else self.behaviour(request)
            watch = asyncio.create_task(_watch(reader, request))
            await _write_answer(writer, answer, request)
            watch.cancel()
        writer.close()


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(head[0].split(" ")[1], headers, json.loads(body or b"{}"))


async def _watch(reader: asyncio.StreamReader, request: Received) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
    request.client_left.set()


async def _write_answer(writer: asyncio.StreamWriter, answer: Answer, request: Received) -> None:
    """In chunks, so that a client knows an end from a break."""
    headers = {
        "Content-Type": answer.content_type,
        "Transfer-Encoding": "chunked",
        "Connection": "close",
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} Stub", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    for step in answer.steps:
        await writer.drain()
        if isinstance(step, Stall):
            await request.client_left.wait()
            return
        if isinstance(step, BreakOff):
            writer.transport.abort()
            return
        if isinstance(step, Hold):
            await step.wait()
            continue
        if step:
            writer.write(b"%x\r\n%b\r\n" % (len(step), step))
    writer.write(b"0\r\n\r\n")
    await writer.drain()


@contextlib.contextmanager
def in_background(bot: StubBot) -> Iterator[StubBot]:
    """The stub in a thread with a loop of its own: for tests without one, and services in other processes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stub bot", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(bot.start(), loop).result(timeout=10)
    try:
        yield bot
    finally:
        asyncio.run_coroutine_threadsafe(bot.stop(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


def event(data: Any, name: str = "") -> bytes:
    """A server-sent event with this as JSON."""
    return (f"event: {name}\n" if name else "").encode() + f"data: {json.dumps(data)}\n\n".encode()


def json_answer(data: Any, status: int = 200, **headers: str) -> Answer:
    return Answer([json.dumps(data).encode()], status, "application/json", headers)
