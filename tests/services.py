"""The product as separate processes: a real Valkey, both services, clients of their HTTP APIs and of their streams.

Nothing here imports the application's models: these tests see what an outside caller sees. What is started dies with
the test process, whatever ends that.
"""

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent

from config.development import valkey
from config.development.supervisor import prepare_death_with_parent

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
DEMO_PASSWORD = "correct-horse-battery"
START_SECONDS = 60.0  # two services at once on a busy machine of two cores
STOP_SECONDS = 20.0
OPEN_SECONDS = 10.0
POLL_SECONDS = 0.02
TAIL_LINES = 60


def wait_until(what: str, condition: Callable[[], bool], within: float = 5.0) -> None:
    """Return once `condition` holds; AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(POLL_SECONDS)


class Program:
    """A child process whose output goes to a file. Start it again after `terminate` or `kill`."""

    running: list["Program"] = []  # what a failing test shows the logs of

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    def launch(self) -> None:
        assert self._process is None, f"{self.name} is running"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=prepare_death_with_parent(),
            )
        Program.running.append(self)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, within: float = STOP_SECONDS) -> int:
        """Wait for its end and return the exit code; kills it and raises AssertionError if it does not end."""
        assert self._process is not None
        process, self._process = self._process, None
        Program.running.remove(self)
        try:
            return process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.name} did not end within {within:g} s") from None

    def terminate(self) -> int:
        self.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        if self._process is not None:
            self.send_signal(signal.SIGKILL)
            self.wait()

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self) -> str:
        return "\n".join(self.output().splitlines()[-TAIL_LINES:])


class Valkey(Program):
    """A Valkey on a port that stays the same over restarts."""

    def __init__(self, folder: Path) -> None:
        self.port = valkey.find_free_port()
        self.url = valkey.valkey_url(self.port)
        super().__init__("valkey", valkey.valkey_command(self.port), folder / "valkey.log", os.environ)

    def start(self) -> None:
        self.launch()
        wait_until("valkey answers", self._answers)

    def pause(self) -> None:
        """Stop it as a machine that hangs: its connections stay open and nothing answers."""
        self.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        assert self.is_alive(), f"valkey ended:\n{self.tail()}"
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class Service(Program):
    """`manage.py serve <name>` on a port that stays the same over restarts."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = valkey.find_free_port()
        self.url = f"http://{HOST}:{self.port}"
        command = [sys.executable, "manage.py", "serve", name, "--port", str(self.port)]
        super().__init__(name, command, folder / f"{name}.log", environment)

    def start(self) -> None:
        self.launch()
        self.wait_ready()

    def wait_ready(self) -> None:
        wait_until(f"{self.name} is ready", self._is_ready, START_SECONDS)

    def _is_ready(self) -> bool:
        assert self.is_alive(), f"{self.name} ended:\n{self.tail()}"
        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=2)
        except httpx.TransportError:
            return False
        assert answer.status_code in (200, 503), f"{self.name}: /readyz answers {answer.status_code}"
        return answer.status_code == 200


@dataclass
class Product:
    """Both services on one database and one Valkey."""

    folder: Path
    valkey: Valkey
    chatbot: Service
    workbench: Service
    database: Path

    @property
    def services(self) -> tuple[Service, Service]:
        return self.chatbot, self.workbench

    def start_missing(self) -> None:
        """Start what a test has ended."""
        if not self.valkey.is_alive():
            self.valkey.start()
        missing = [service for service in self.services if not service.is_alive()]
        for service in missing:
            service.launch()
        for service in missing:
            service.wait_ready()


@contextlib.contextmanager
def run_product(folder: Path) -> Iterator[Product]:
    """A product with demo agents and answers, in files of its own under `folder`; everything is gone afterwards."""
    server = Valkey(folder)
    database = folder / "db.sqlite3"
    environment = make_environment(database, server.url)
    product = Product(
        folder,
        server,
        Service("chatbot", folder, environment),
        Service("workbench", folder, environment),
        database,
    )
    with serving(product):
        yield product


@contextlib.contextmanager
def serving(product: Product) -> Iterator[None]:
    """Fill the product's database and start all of it; everything is gone afterwards."""
    try:
        fill_database(product.database)
        product.start_missing()
        yield
    finally:
        for program in (*product.services, product.valkey):
            program.kill()


def fill_database(database: Path) -> None:
    """Make a SQLite database with demo agents and answers: a copy of one that is migrated once for all tests."""
    shutil.copyfile(_filled_database(), database)


@functools.cache
def _filled_database() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="handover-database-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = make_environment(folder / "db.sqlite3")
    run_command("migrate", "--verbosity=0", environment=environment)
    run_command("create_demo", environment=environment)
    assert not (folder / "db.sqlite3-wal").exists(), "a copy of the file alone would lose what stands in its log"
    return folder / "db.sqlite3"


def make_environment(database: Path, redis_url: str = "") -> dict[str, str]:
    """The environment of a process of the product; it overrides whatever a developer's .env says."""
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{database}",
        "REDIS_URL": redis_url,
        "DEMO_PASSWORD": DEMO_PASSWORD,
        "RATE_LIMITS": "off",
        "STREAM_LIMITS": "off",
        "PYTHONUNBUFFERED": "1",
    }


def run_command(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run a management command to its end and return its output; AssertionError if it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{arguments} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


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
            httpx.Client(timeout=timeout) as client,
            client.stream(
                "GET", self._url, headers=headers, extensions={"trace": self._remember_socket}
            ) as response,
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
        self.http = httpx.Client(base_url=url, timeout=10)
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

    def post(self, content: str, client_id: str | None = None) -> httpx.Response:
        body = {"content": content, "client_id": client_id or secrets.token_hex(8)}
        return self.http.post(f"{self.path}/messages", json=body)

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
        self.http = httpx.Client(base_url=url, timeout=10)
        self.log_in(password)

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

    def reply(self, session_name: str, content: str, client_id: str | None = None) -> httpx.Response:
        return self.call(session_name, "messages", content=content, client_id=client_id or secrets.token_hex(8))

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
