"""A page's EventSource as an asyncio task: light enough for fifty, and it writes down everything that it was sent."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

RECONNECT_SECONDS = (0.05, 0.3)  # browsers wait as `retry:` tells them; the faults are harder on those that do not
IDLE_SECONDS = 30.0  # a keep-alive comes at least every 20 s


@dataclass(frozen=True, slots=True)
class Applied:
    """A numbered event as a client got it."""

    channel: str
    number: int
    data: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Reset:
    """The stream said that a channel's history is not known; live goes on after `number`."""

    channel: str
    number: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """`message_delivered` or `message_read`: one side of a session has this message of the other, and all before."""

    type: str
    session_name: str
    side: str
    message_id: int


@dataclass(frozen=True, slots=True)
class Notice:
    """`stream-open`, `degraded` or `recovered`."""

    type: str
    at: float


class StreamClient:
    """Reads a stream until `close`, and comes back with its position whenever it ends."""

    def __init__(self, url: str, headers: Mapping[str, str], *, seed: int) -> None:
        self.url = url
        self.history: list[Applied | Reset] = []
        self.notices: list[Notice] = []
        self.receipts: list[Receipt] = []
        self.starts: dict[str, int] = {}  # channel: number at the first stream-open
        self.reached: dict[str, int] = {}
        self.statuses: list[int] = []
        self.position = ""
        self.drops_every_seconds: float | None = None
        self._headers = dict(headers)
        self._random = random.Random(seed)
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._opened = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._keep_reading())

    async def wait_open(self, within: float = 10.0) -> None:
        """Return once nothing that is committed from then on is missed."""
        async with asyncio.timeout(within):
            await self._opened.wait()

    def stop_reading(self) -> None:
        """Leave everything that comes in the socket."""
        self._may_read.clear()

    def go_on_reading(self) -> None:
        self._may_read.set()

    def reconnect(self) -> None:
        """Drop the connection in the middle of whatever it is doing."""
        if self._reading is not None:
            self._reading.cancel()

    def first_notice(self, type: str, after: float) -> float | None:
        """When the first such notice after a moment came."""
        return next((notice.at for notice in self.notices if notice.type == type and notice.at >= after), None)

    async def close(self) -> None:
        self._task.cancel()
        self.reconnect()
        await asyncio.wait([self._task, *([self._reading] if self._reading else [])])

    async def _keep_reading(self) -> None:
        while True:
            lasts = self._random.expovariate(1 / self.drops_every_seconds) if self.drops_every_seconds else None
            self._reading = asyncio.create_task(self._read_for(lasts))
            await asyncio.wait([self._reading])
            if not self._reading.cancelled():
                self._reading.result()
            await asyncio.sleep(self._random.uniform(*RECONNECT_SECONDS))

    async def _read_for(self, seconds: float | None) -> None:
        with contextlib.suppress(OSError, EOFError):  # TimeoutError is an OSError
            async with asyncio.timeout(seconds):
                await self._read_once()

    async def _read_once(self) -> None:
        address = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(self._request(address.netloc, address.path))
            status = await read_status(reader)
            self.statuses.append(status)
            await reader.readuntil(b"\r\n\r\n")
            if status == 200:
                await self._take_blocks(reader)
        finally:
            writer.transport.abort()

    def _request(self, host: str, path: str) -> bytes:
        headers = {"Host": host, "Accept": "text/event-stream", **self._headers}
        if self.position:
            headers["Last-Event-ID"] = self.position
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()

    async def _take_blocks(self, reader: asyncio.StreamReader) -> None:
        """Take whole blocks only: what stood in a block that was cut off has not arrived."""
        at: dict[str, int] = {}  # what the position of this connection says
        rest = b""
        async for chunk in read_chunks(reader):
            *blocks, rest = (rest + chunk).split(b"\n\n")
            for block in blocks:
                self._take(block, at)
            await self._may_read.wait()

    def _take(self, block: bytes, at: dict[str, int]) -> None:
        assert b"\r" not in block, block  # a line end to an SSE client
        fields: dict[str, bytes] = {}
        for line in block.split(b"\n"):
            name, _, value = line.partition(b":")
            fields[name.decode()] = value.removeprefix(b" ")
        type = fields.get("event", b"").decode()
        before = dict(at)
        if "id" in fields:
            self.position = fields["id"].decode()
            at.update(parse_position(self.position))
        if type in ("stream-open", "degraded", "recovered"):
            self.notices.append(Notice(type, time.monotonic()))
            if not self._opened.is_set():
                self.starts = dict(at)
                self.reached = dict(at)
                self._opened.set()
        elif type == "reset":
            for channel in json.loads(fields["data"])["payload"]["channels"]:
                self.history.append(Reset(channel, at[channel]))
                self.reached[channel] = at[channel]
        elif type in ("message_delivered", "message_read"):
            told = json.loads(fields["data"])["payload"]
            self.receipts.append(Receipt(type, told["session_name"], told["role"], told["message_id"]))
        elif "id" in fields:
            [channel] = [name for name in at if at[name] != before[name]]  # each event moves one channel on
            self.history.append(Applied(channel, at[channel], fields["data"], time.monotonic()))
            self.reached[channel] = at[channel]


def parse_position(text: str) -> dict[str, int]:
    """What a position says; clients never look into it, this test does."""
    parts = [part.rpartition(":") for part in text.split(",")]
    return {channel: int(number) for channel, _, number in parts}


async def read_status(reader: asyncio.StreamReader) -> int:
    """The status of an HTTP response. Raises EOFError if the connection ends before it."""
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return int(line.split()[1])


async def read_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The chunks of an HTTP/1.1 response's body, up to its end. Raises EOFError if the connection ends before."""
    while True:
        async with asyncio.timeout(IDLE_SECONDS):
            size = await reader.readline()
            if not size.endswith(b"\r\n"):
                raise EOFError
            data = await reader.readexactly(int(size, 16) + 2)
        if len(data) == 2:
            return
        yield data[:-2]
