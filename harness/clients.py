"""Clients of the services: a customer's browser, an agent's, and streams that come back as a browser's do.

Nothing here imports the application's models: they see what an outside caller sees.
"""

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent

from harness.programs import STOP_SECONDS
from harness.services import DEMO_PASSWORD
from harness.trust import trust

OPEN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    """One event as a stream delivered it. `data` is exactly what stood behind `data:`."""

    type: str
    position: str
    data: str
    at: float = field(default_factory=time.monotonic)  # when it was read

    @property
    def envelope(self) -> dict[str, Any]:
        """The envelope, {} for a stream's own events whose data is none."""
        content = ServerSentEvent(data=self.data).json() if self.data.startswith("{") else {}
        return dict(content)

    @property
    def payload(self) -> dict[str, Any]:
        return dict(self.envelope.get("payload", {}))


class Stream:
    """An open SSE stream, read by a thread; comes back with its last position as a browser does, but sooner."""

    RECONNECT_SECONDS = 0.1

    def __init__(self, url: str, *, headers: Mapping[str, str], position: str | None = None) -> None:
        self._url = url
        self._headers = dict(headers)
        self.position = position
        self.statuses: list[int] = []
        self._received: list[Received] = []
        self._news = threading.Condition()
        self._closing = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._keep_reading, name=f"stream {url}", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Stream":
        """The stream once it is open: nothing that is committed after that is missed."""
        try:
            self.wait_for(lambda event: event.type == "stream-open", OPEN_SECONDS, "stream-open")
        except AssertionError:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reading thread
        self._thread.join(STOP_SECONDS)
        assert not self._thread.is_alive(), "the stream's thread did not end"

    def wait_for(
        self, wanted: Callable[[Received], bool], within: float = 5.0, what: str = "the wanted event"
    ) -> Received:
        """The first event, past or coming, that is wanted; AssertionError with what came instead."""
        deadline = time.monotonic() + within
        with self._news:
            while True:
                for event in self._received:
                    if wanted(event):
                        return event
                left = deadline - time.monotonic()
                assert left > 0, f"not within {within:g} s: {what}; statuses {self.statuses}, came {self._received}"
                self._news.wait(left)

    def wait_for_type(self, type: str, within: float = 5.0, **payload: object) -> Received:
        """The first event of this type whose payload has these values."""
        return self.wait_for(
            lambda event: event.type == type and payload.items() <= event.payload.items(),
            within,
            what=f"{type} with {payload}",
        )

    def received(self, type: str | None = None) -> list[Received]:
        with self._news:
            return [event for event in self._received if type in (None, event.type)]

    def contents(self) -> list[str]:
        """The texts of the messages that came, in order."""
        return [event.payload["content"] for event in self.received("new_message")]

    def _keep_reading(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(httpx.TransportError, OSError):
                self._read_once()
            self._closing.wait(self.RECONNECT_SECONDS)

    def _read_once(self) -> None:
        headers = dict(self._headers)
        if self.position:
            headers["Last-Event-ID"] = self.position
        timeout = httpx.Timeout(10, read=40)  # a keep-alive comes at least every 20 s
        with (
            httpx.Client(timeout=timeout, verify=trust()) as client,
            client.stream("GET", self._url, headers=headers, extensions={"trace": self._remember_socket}) as response,
        ):
            self.statuses.append(response.status_code)
            for event in EventSource(response).iter_sse():
                self._take(event)
                if self._closing.is_set():
                    return

    def _remember_socket(self, step: str, info: Mapping[str, Any]) -> None:
        if step in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def _take(self, event: ServerSentEvent) -> None:
        self.position = event.id or self.position
        if not event.data and event.event == "message":
            return  # a block with retry: alone
        with self._news:
            self._received.append(Received(event.event, event.id, event.data))
            self._news.notify_all()


class CustomerClient:
    """A customer's browser: one session, known by its cookie."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10, verify=trust())
        self.session_name = ""
        self.token = ""

    def __enter__(self) -> "CustomerClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def path(self) -> str:
        return f"/api/sessions/{self.session_name}"

    def create_session(self, **body: object) -> dict[str, Any]:
        answer = expect(201, self.http.post("/api/sessions", json=body))
        self.session_name, self.token = answer["session_name"], answer["token"]
        return answer

    def post(self, content: str, client_id: str | None = None, **more: object) -> httpx.Response:
        body = {"content": content, "client_id": client_id or secrets.token_hex(8), **more}
        return self.http.post(f"{self.path}/messages", json=body)

    def upload(self, name: str, content: bytes) -> httpx.Response:
        return self.http.post(f"{self.path}/attachments", files={"file": (name, content)})

    def escalate(self, **body: object) -> httpx.Response:
        return self.http.post(f"{self.path}/escalate", json=body)

    def fetch(self) -> dict[str, Any]:
        return expect(200, self.http.get(self.path))

    def open_stream(self, position: str | None = None) -> Stream:
        return Stream(f"{self.url}{self.path}/events", headers=cookies_of(self.http), position=position)


class AgentClient:
    """An agent's browser, logged in as `username`."""

    def __init__(self, url: str, username: str, password: str = DEMO_PASSWORD) -> None:
        self.username = username
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10, verify=trust())
        try:
            self.log_in(password)
        except BaseException:
            self.http.close()
            raise

    def __enter__(self) -> "AgentClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def log_in(self, password: str) -> None:
        assert self.http.get("/login/").status_code == 200
        form = {
            "username": self.username,
            "password": password,
            "csrfmiddlewaretoken": self.csrf_token,
        }
        answer = self.http.post("/login/", data=form)
        assert answer.status_code == 302, f"{self.username} cannot log in: {answer.status_code}"

    @property
    def csrf_token(self) -> str:
        """What the cookie says, which has a name of its own under HTTPS."""
        return self.http.cookies.get("__Host-csrftoken") or self.http.cookies["csrftoken"]

    def call(self, session_name: str, verb: str, **body: object) -> httpx.Response:
        """POST /api/sessions/<name>/<verb>."""
        return self.http.post(
            f"/api/sessions/{session_name}/{verb}",
            json=body,
            headers={"X-CSRFToken": self.csrf_token},
        )

    def take_over(self, session_name: str) -> httpx.Response:
        return self.call(session_name, "takeover")

    def reply(self, session_name: str, content: str, client_id: str | None = None, **more: object) -> httpx.Response:
        client_id = client_id or secrets.token_hex(8)
        return self.call(session_name, "messages", content=content, client_id=client_id, **more)

    def upload(self, session_name: str, name: str, content: bytes) -> httpx.Response:
        path, headers = f"/api/sessions/{session_name}/attachments", {"X-CSRFToken": self.csrf_token}
        return self.http.post(path, files={"file": (name, content)}, headers=headers)

    def release(self, session_name: str) -> httpx.Response:
        return self.call(session_name, "release")

    def fetch(self, session_name: str) -> dict[str, Any]:
        return expect(200, self.http.get(f"/api/sessions/{session_name}"))

    def fetch_queue(self) -> dict[str, Any]:
        return expect(200, self.http.get("/api/sessions/queue"))

    def open_stream(self, position: str | None = None) -> Stream:
        return Stream(f"{self.url}/api/agent/events", headers=cookies_of(self.http), position=position)

    def open_session_stream(self, session_name: str) -> Stream:
        return Stream(f"{self.url}/api/sessions/{session_name}/events", headers=cookies_of(self.http))


def expect(status: int, answer: httpx.Response) -> dict[str, Any]:
    """The answer's JSON; AssertionError if it has another status."""
    assert answer.status_code == status, f"{answer.request.url}: {answer.status_code} {answer.text}"
    return dict(answer.json())


def cookies_of(client: httpx.Client) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
