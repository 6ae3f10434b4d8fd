"""Many open SSE streams, read by one thread: cheap enough that what is measured is the server."""

import select
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
READ_BYTES = 256 * 1024
OPENING_STREAM = socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK
CONNECTS_AT_ONCE = 1_000  # less than any server's listen backlog may be (net.core.somaxconn is 4,096)
OPEN_MARK = b"event: stream-open"
EVENT_MARK = b"event: bench_event"


class NotInTime(Exception):
    """What was waited for did not come."""


@dataclass(slots=True, eq=False)
class Stream:
    """One connection. `chunks` keeps what came, with the time, if it is to be looked at afterwards."""

    connection: socket.socket
    request: bytes
    tail: bytes = b""
    events: int = 0
    is_open: bool = False
    chunks: list[tuple[float, bytes]] | None = None

    def ask(self) -> bool:
        """Send the request; False if there is no connection yet. On loopback there is one at once."""
        try:
            self.connection.send(self.request)
        except BlockingIOError:
            return False
        self.request = b""
        return True

    def content(self) -> bytes:
        return b"".join(data for _, data in self.chunks or ())


@dataclass(slots=True)
class Streams:
    """Open streams of one server; counts the events that arrive, by the mark that each has once."""

    port: int
    mark: bytes = EVENT_MARK
    keeps: bool = False  # keep what arrives
    all: list[Stream] = field(default_factory=list)
    opened: int = 0
    delivered: int = 0
    closed_by_server: int = 0
    _by_fd: dict[int, Stream] = field(default_factory=dict)
    _poll: select.epoll = field(default_factory=select.epoll)
    # One for all: to make 256 KiB for each read and give most of it back takes as long as the read itself.
    _buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(READ_BYTES)))

    def open(self, requests: Sequence[bytes], within: float = 60.0) -> float:
        """Open one stream for each request, all at once; return the seconds until each had its first block."""
        started = time.perf_counter()
        wanted = self.opened + len(requests)
        for start in range(0, len(requests), CONNECTS_AT_ONCE):
            for request in requests[start : start + CONNECTS_AT_ONCE]:
                self._connect(request)
            self._turn(0)
        self._read_until(lambda: self.opened >= wanted, within, "streams open")
        return time.perf_counter() - started

    def wait_for(self, events: int, within: float = 30.0) -> float:
        """Read until so many events came in all; return the time (perf_counter) at which the last one did."""
        self._read_until(lambda: self.delivered >= events, within, f"{events} events")
        return time.perf_counter()

    def read_for(self, seconds: float) -> None:
        """Read whatever comes for some time."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self._turn(left)

    def read_once(self, seconds: float) -> None:
        """Read what is there; waits at most `seconds` for something."""
        self._turn(seconds)

    def close(self, streams: Iterable[Stream] | None = None) -> None:
        """Close some streams, or all."""
        for stream in list(self.all if streams is None else streams):
            self._drop(stream)

    def _connect(self, request: bytes) -> None:
        connection = socket.socket(*OPENING_STREAM)
        connection.connect_ex((HOST, self.port))
        stream = Stream(connection, request, chunks=[] if self.keeps else None)
        self.all.append(stream)
        self._by_fd[connection.fileno()] = stream
        self._poll.register(connection.fileno(), select.EPOLLIN if stream.ask() else select.EPOLLOUT | select.EPOLLIN)

    def _read_until(self, condition: Callable[[], bool], within: float, what: str) -> None:
        deadline = time.perf_counter() + within
        while not condition():
            if time.perf_counter() > deadline:
                raise NotInTime(f"{what} within {within:g} s: {self.opened} open, {self.delivered} delivered")
            self._turn(0.1)

    def _turn(self, seconds: float) -> None:
        for fd, events in self._poll.poll(seconds, 4096):
            stream = self._by_fd[fd]
            if stream.request and events & select.EPOLLOUT:
                stream.ask()
                self._poll.modify(fd, select.EPOLLIN)
            elif events & ~select.EPOLLOUT:
                self._read(stream)

    def _read(self, stream: Stream) -> None:
        try:
            data = bytes(self._buffer[: stream.connection.recv_into(self._buffer)])
        except ConnectionError:
            data = b""
        if not data:
            self.closed_by_server += 1
            self._drop(stream)
            return
        if stream.chunks is not None:
            stream.chunks.append((time.perf_counter(), data))
        data = stream.tail + data
        count = data.count(self.mark)
        stream.tail = data[-len(self.mark) + 1 :]
        stream.events += count
        self.delivered += count
        if not stream.is_open and OPEN_MARK in data:
            stream.is_open = True
            self.opened += 1

    def _drop(self, stream: Stream) -> None:
        if self._by_fd.pop(stream.connection.fileno(), None) is not None:
            self._poll.unregister(stream.connection.fileno())
            stream.connection.close()
            self.all.remove(stream)
