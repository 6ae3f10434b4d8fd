"""Requests and publishes as bytes on the wire: no client library stands between the clock and the server."""

import json
import socket
from collections.abc import Callable, Sequence

from bench.streams import HOST, READ_BYTES

EVENT_TYPE = "bench_event"
TEXT = "x" * 100
Send = Callable[[], None]


def get_stream(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", "Accept: text/event-stream", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def session_stream(name: str, *headers: str) -> bytes:
    """A customer's stream. The backstage makes sessions whose token is their name."""
    return get_stream(f"/api/sessions/{name}/events", f"Authorization: Bearer {name}", *headers)


def resume_from(channel: str, number: int) -> str:
    return f"Last-Event-ID: {channel}:{number}"


def post(path: str, content: object, *headers: str) -> bytes:
    """A POST of JSON."""
    body = json.dumps(content).encode()
    return post_bytes(path, body, "Content-Type: application/json", *headers)


def post_bytes(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def envelope(text: str = TEXT) -> bytes:
    """An event as a foreign program publishes it."""
    content = {"type": EVENT_TYPE, "payload": {"text": text}, "timestamp": 1703246400, "source": "system"}
    return json.dumps(content).encode()


def frame(text: str = TEXT) -> bytes:
    """The event as a stream carries it, for the bare server, which does not encode."""
    return b"event: %b\nid: sse_session_s-1:1\ndata: %b\n\n" % (EVENT_TYPE.encode(), envelope(text))


class Redis:
    """A connection to Redis that only publishes."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection((HOST, port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish (Redis channel, data) in one write and wait until Redis has taken all."""
        commands = [_command(b"PUBLISH", channel.encode(), data) for channel, data in messages]
        self._connection.sendall(b"".join(commands))
        answers = 0
        while answers < len(messages):
            data = self._connection.recv(READ_BYTES)
            if not data or b"-" in data:
                raise ConnectionError(f"redis answers {data!r}")
            answers += data.count(b"\n")

    def close(self) -> None:
        self._connection.close()


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def post_sender(port: int, path: str, body: bytes) -> Send:
    """Sends an event by a POST each, for the references; takes the answer before the next."""
    connection = socket.create_connection((HOST, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = post_bytes(path, body, "Content-Type: text/plain")
    unanswered = False

    def send() -> None:
        nonlocal unanswered
        if unanswered:
            connection.recv(READ_BYTES)
        connection.sendall(request)
        unanswered = True

    return send
