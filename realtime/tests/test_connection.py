"""What a client of daphne may take of time and space, by a clock that the tests turn."""
# mypy: allow-untyped-calls

from typing import Any

import pytest
from pytest_django import Settings
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web import http

from realtime.serving import daphne_connection
from realtime.serving.daphne_connection import LINGER_SECONDS, REQUEST_SECONDS, bound_connections

LIMIT = 1_000
HEAD = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\n"


class Answering(http.Request):
    """Remembers the requests; answers when the test says so."""

    def process(self) -> None:
        self.channel.factory.requests.append(self)

    def answer(self, text: bytes = b"fine") -> None:
        self.setHeader(b"Content-Length", b"%d" % len(text))
        self.write(text)
        self.finish()


class Client:
    """One connection, and the clock that it lives by."""

    def __init__(self) -> None:
        self.clock: Any = Clock()
        factory: Any = http.HTTPFactory(reactor=self.clock)  # type: ignore[arg-type]
        bound_connections(factory)
        factory.log = lambda request: None
        factory.requests = []
        self.requests: list[Any] = factory.requests
        self._channel = factory.buildProtocol(None)
        self._channel.requestFactory = Answering
        self.transport: Any = StringTransport()
        self._channel.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        self._channel.dataReceived(data)

    def drip(self, data: bytes, every: float) -> None:
        for i in range(len(data)):
            if not self.is_open:
                return
            self.send(data[i : i + 1])
            self.clock.advance(every)

    @property
    def is_open(self) -> bool:
        return not self.transport.disconnecting

    @property
    def received(self) -> bytes:
        answer: bytes = self.transport.value()
        return answer


@pytest.fixture
def client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = LIMIT
    monkeypatch.setattr(StringTransport, "loseWriteConnection", lambda self: None, raising=False)
    return Client()


def test_headers_that_drip_end(client: Client) -> None:
    client.drip(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100, every=1)
    assert not client.is_open
    assert client.clock.seconds() <= REQUEST_SECONDS + 1
    assert client.requests == []


def test_body_that_drips_ends(client: Client) -> None:
    client.send(HEAD + b"Content-Length: 500\r\n\r\n")
    client.drip(b"x" * 500, every=1)
    assert not client.is_open
    assert client.requests == []


def test_chunks_that_drip_end(client: Client) -> None:
    client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    client.drip(b"1\r\nx\r\n" * 100, every=1)
    assert not client.is_open


def test_slow_request_that_is_whole_in_time_is_answered(client: Client) -> None:
    client.drip(b"GET / HTTP/1.1\r\n\r\n", every=3)
    client.requests[0].answer()
    assert client.received.endswith(b"fine")


def test_each_request_of_a_kept_connection_has_its_time(client: Client) -> None:
    for _ in range(5):
        client.clock.advance(REQUEST_SECONDS - 1)  # idle
        client.drip(b"GET / HTTP/1.1\r\n\r\n", every=3)
        client.requests[-1].answer()
    assert client.is_open
    assert len(client.requests) == 5


def test_idle_connection_ends(client: Client) -> None:
    client.clock.advance(REQUEST_SECONDS + 1)
    assert not client.is_open


def test_answer_may_take_for_ever(client: Client) -> None:
    client.send(b"GET /events HTTP/1.1\r\n\r\n")
    client.requests[0].write(b"data")
    for _ in range(100):
        client.clock.advance(REQUEST_SECONDS)
        client.requests[0].write(b":")
    assert client.is_open


def test_declared_body_over_the_limit_is_answered_before_it_comes(client: Client) -> None:
    client.send(HEAD + b"Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n")
    [request] = client.requests
    assert request.requestHeaders.getRawHeaders(b"content-length") == [b"10000000000"]
    assert request.content.read() == b""
    request.answer(b"too large")
    assert b"100 Continue" not in client.received
    assert b"Connection: close" in client.received
    assert client.received.endswith(b"too large")


def test_rest_of_a_refused_body_is_dropped_and_soon_ends(client: Client) -> None:
    client.send(HEAD + b"Content-Length: 5000\r\n\r\n" + b"x" * 100)
    client.requests[0].answer()
    client.drip(b"GET / HTTP/1.1\r\n\r\n" * 10, every=0.1)
    assert len(client.requests) == 1
    client.clock.advance(LINGER_SECONDS)
    assert not client.is_open


def test_body_in_chunks_is_handed_over_once_it_is_too_large(client: Client) -> None:
    client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(20):
        client.send(b"64\r\n" + b"x" * 100 + b"\r\n")
    [request] = client.requests
    assert LIMIT < len(request.content.read()) <= LIMIT + 100
    request.answer(b"too large")
    assert b"Connection: close" in client.received


@pytest.mark.parametrize("size", [0, LIMIT - 1, LIMIT])
def test_body_up_to_the_limit_is_read(client: Client, size: int) -> None:
    client.send(HEAD + b"Content-Length: %d\r\n\r\n" % size + b"x" * size)
    assert client.requests[0].content.read() == b"x" * size
    client.requests[0].answer()
    assert client.is_open


@pytest.mark.parametrize("name", daphne_connection.DROPPED_HEADERS)
def test_headers_for_the_server_itself_are_dropped(client: Client, name: bytes) -> None:
    client.send(b"GET / HTTP/1.1\r\n" + name.title() + b": \xff\r\nAccept: x\r\n\r\n")
    assert [name for name, _ in client.requests[0].requestHeaders.getAllRawHeaders()] == [b"Accept"]
