"""POST requests over keep-alive connections, as fast as they are answered or at a given rate."""

import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.streams import HOST, READ_BYTES, NotInTime

ANSWER_LIMIT_SECONDS = 30.0


@dataclass(slots=True, eq=False)
class Connection:
    connection: socket.socket
    sent_at: float = 0.0
    answer: bytes = b""


@dataclass(slots=True)
class Posts:
    """Connections to one server. `requests` gives the bytes of each coming request."""

    port: int
    requests: Iterator[bytes]
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # from request to answer
    _idle: list[Connection] = field(default_factory=list)
    _busy: dict[int, Connection] = field(default_factory=dict)
    _poll: select.epoll = field(default_factory=select.epoll)

    def connect(self, count: int) -> None:
        for _ in range(count):
            connection = socket.create_connection((HOST, self.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll.register(connection.fileno(), select.EPOLLIN)
            self._idle.append(Connection(connection))

    @property
    def idle(self) -> int:
        return len(self._idle)

    @property
    def busy(self) -> int:
        return len(self._busy)

    def send(self) -> float:
        """Send one request on an idle connection; return the time (perf_counter) at which it was sent."""
        each = self._idle.pop()
        self._busy[each.connection.fileno()] = each
        request = next(self.requests)
        each.sent_at = time.perf_counter()
        each.connection.sendall(request)
        return each.sent_at

    def read(self, seconds: float) -> None:
        """Take the answers that are there; waits at most `seconds` for one."""
        for fd, _ in self._poll.poll(seconds):
            if fd not in self._busy:
                raise ConnectionError("the server closed an idle connection")
            self._read(self._busy[fd])

    def run(self, seconds: float) -> float:
        """Keep every connection busy for some time, then wait for the last answers; return answers a second."""
        started, before = time.perf_counter(), len(self.seconds)
        while (now := time.perf_counter()) < started + seconds:
            while self._idle:
                self.send()
            self.read(started + seconds - now)
        self.finish()
        return (len(self.seconds) - before) / (time.perf_counter() - started)

    def finish(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait for the answers to everything sent."""
        deadline = time.perf_counter() + ANSWER_LIMIT_SECONDS
        while self._busy:
            if time.perf_counter() > deadline:
                raise NotInTime(f"{self.busy} answers are missing")
            self.read(0.01)
            meanwhile()

    def close(self) -> None:
        for each in (*self._idle, *self._busy.values()):
            each.connection.close()

    def _read(self, each: Connection) -> None:
        data = each.connection.recv(READ_BYTES)
        if not data:
            raise ConnectionError("the server closed a connection")
        each.answer += data
        head, separator, body = each.answer.partition(b"\r\n\r\n")
        if not separator or not _is_complete(head, body):
            return
        self.seconds.append(time.perf_counter() - each.sent_at)
        self.statuses[int(head.split(b" ", 2)[1])] += 1
        each.answer = b""
        self._idle.append(self._busy.pop(each.connection.fileno()))


def _is_complete(head: bytes, body: bytes) -> bool:
    if head.split(b" ", 2)[1] == b"204":  # it has no body, and needs not say so
        return True
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    return body.endswith(b"0\r\n\r\n")
