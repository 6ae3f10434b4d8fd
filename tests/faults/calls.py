"""Calls over an HTTP/1.1 connection that is kept, as bytes: a load makes hundreds, and httpx takes 1 ms for each."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.faults.stream import read_chunks

ANSWER_SECONDS = 30.0
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n")
EMPTY = (204, 304)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NoAnswer(Exception):
    """There was no connection, or it ended before a whole answer; `was_sent` if the service may have got the call."""

    def __init__(self, error: Exception, *, was_sent: bool) -> None:
        self.was_sent = was_sent
        super().__init__(f"{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Answer:
    """`head` is in small letters."""

    status: int
    head: bytes
    body: bytes

    @property
    def says_when_to_come_back(self) -> bool:
        return b"\r\nretry-after: " in self.head

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Somebody's connection to a service, for one call after the other; opened anew where it has ended."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        address = urlsplit(url)
        assert address.scheme == "http", url
        self._host, self._port = address.hostname, address.port
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in {"Host": address.netloc, **headers}.items())
        self._connection: Connection | None = None

    async def get(self, path: str) -> Answer:
        return await self._call(f"GET {path} HTTP/1.1\r\n{self._headers}\r\n".encode())

    async def post(self, path: str, content: object) -> Answer:
        """Post JSON. Raises NoAnswer."""
        body = json.dumps(content).encode()
        head = f"POST {path} HTTP/1.1\r\n{self._headers}Content-Type: application/json\r\nContent-Length: {len(body)}"
        return await self._call(f"{head}\r\n\r\n".encode() + body)

    def close(self) -> None:
        if self._connection is not None:
            self._connection[1].transport.abort()
            self._connection = None

    async def _call(self, request: bytes) -> Answer:
        was_sent = False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await self._connect()
                was_sent = True
                writer.write(request)
                answer = await read_answer(reader)
        except (OSError, EOFError) as error:  # TimeoutError is an OSError
            self.close()
            raise NoAnswer(error, was_sent=was_sent) from error
        if b"\r\nconnection: close\r\n" in answer.head:
            self.close()
        return answer

    async def _connect(self) -> Connection:
        if self._connection is not None and self._connection[0].at_eof():
            self.close()  # while nobody called
        if self._connection is None:
            self._connection = await asyncio.open_connection(self._host, self._port)
        return self._connection


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The whole of it. Raises EOFError if the connection ends before."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    if status in EMPTY:
        return Answer(status, head, b"")
    if length := LENGTH.search(head):
        return Answer(status, head, await reader.readexactly(int(length[1])))
    return Answer(status, head, b"".join([chunk async for chunk in read_chunks(reader)]))
