"""Clients that do not read: what they cost the process and the others, under daphne and under uvicorn."""

import contextlib
import select
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness.clients import CustomerClient
from harness.programs import HOST, Valkey, wait_until
from harness.services import Service, fill_database, make_environment
from harness.trust import trust

STALLED = 100
MESSAGE = "x" * 4_000
MESSAGES = 300  # 1.2 MB for each reader: far beyond what sockets and the backlog hold
MAX_GROWTH_KIB = 50 * 1024
CONTROL_CHARACTERS = "\x01" * 4_000  # six bytes each in JSON
LARGE_MESSAGES = 280
MAX_REPLAY_GROWTH_KIB = 64 * 1024
MAX_ANSWER_SECONDS = 0.2


# uvicorn takes uvloop and httptools where they are installed.
UVICORNS = {"uvicorn": ["--loop=uvloop", "--http=httptools"], "plain uvicorn": ["--loop=asyncio", "--http=h11"]}


class UvicornService(Service):
    """The chatbot service under uvicorn."""

    def __init__(self, folder: Path, environment: dict[str, str], options: list[str]) -> None:
        super().__init__("chatbot", folder, environment)
        options = [*options, "--port", str(self.port), "--no-access-log"]
        self._command = [sys.executable, "-m", "uvicorn", "config.asgi:chatbot", *options]


@pytest.fixture(scope="module", params=["daphne", *UVICORNS])
def chatbot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("chatbot")
    valkey = Valkey(folder)
    environment = make_environment(folder / "db.sqlite3", valkey.url)
    fill_database(folder / "db.sqlite3")
    options = UVICORNS.get(request.param)
    service = UvicornService(folder, environment, options) if options else Service("chatbot", folder, environment)
    valkey.start()
    service.start()
    try:
        yield service
    finally:
        service.kill()
        valkey.kill()


def stalled_reader(service: Service, customer: CustomerClient, position: str = "") -> socket.socket:
    """A client that asks for the stream and never reads."""
    connection = socket.create_connection((HOST, service.port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    headers = f"Host: {HOST}\r\nAuthorization: Bearer {customer.token}\r\nLast-Event-ID: {position}\r\n"
    connection.sendall(f"GET {customer.path}/events HTTP/1.1\r\n{headers}\r\n".encode())
    return connection


def test_stalled_readers_cost_little_and_are_cut_off(chatbot: Service) -> None:
    with contextlib.ExitStack() as stack:
        customer = stack.enter_context(CustomerClient(chatbot.url))
        customer.create_session()
        customer.escalate()  # nobody answers: every event is one that this test makes
        reader = stack.enter_context(customer.open_stream())
        reader.wait_for_type("stream-open")
        before = chatbot.resident_kib()
        stalled = [stack.enter_context(stalled_reader(chatbot, customer)) for _ in range(STALLED)]
        for i in range(MESSAGES):
            assert customer.post(f"{i} {MESSAGE}"[:4000]).status_code == 201
        reader.wait_for(lambda event: event.payload.get("content", "").startswith(f"{MESSAGES - 1} "), within=20)
        assert chatbot.resident_kib() - before < MAX_GROWTH_KIB
        assert [int(text.split()[0]) for text in reader.contents()[-MESSAGES:]] == list(range(MESSAGES))
        assert reader.statuses == [200]  # the one that reads was never cut off
        wait_until("stalled readers are cut off", lambda: all(map(is_cut, stalled)), within=20)


def test_replays_that_nobody_reads_cost_little(chatbot: Service) -> None:
    """7 MB for each reader; written whole they took a gigabyte, and nobody else was served for seconds."""
    with contextlib.ExitStack() as stack:
        customer = stack.enter_context(CustomerClient(chatbot.url))
        customer.create_session()
        customer.escalate()
        for i in range(LARGE_MESSAGES):
            assert customer.post(f"{i} {CONTROL_CHARACTERS}"[:4000]).status_code == 201
        position = f"sse_session_{customer.session_name}:0"
        before = chatbot.resident_kib()
        stalled = [stack.enter_context(stalled_reader(chatbot, customer, position)) for _ in range(STALLED)]
        answers: list[float] = []

        def all_are_begun() -> bool:
            answers.append(loop_seconds_to_answer(chatbot))
            return all(map(has_data, stalled))

        wait_until("every replay has begun", all_are_begun, within=60)
        answers += [loop_seconds_to_answer(chatbot) for _ in range(100)]
        assert chatbot.resident_kib() - before < MAX_REPLAY_GROWTH_KIB
        assert max(answers) < MAX_ANSWER_SECONDS
        reader = stack.enter_context(customer.open_stream(position))
        reader.wait_for(lambda event: event.payload.get("content", "").startswith(f"{LARGE_MESSAGES - 1} "), within=30)
        assert [int(text.split()[0]) for text in reader.contents()[-LARGE_MESSAGES:]] == list(range(LARGE_MESSAGES))
        wait_until("stalled readers are cut off", lambda: all(map(is_cut, stalled)), within=30)


def loop_seconds_to_answer(service: Service) -> float:
    """How long the service's event loop worked, at this and at all else, before it had answered a GET.

    Not how long that took: the rest is other processes' time.
    """
    started = loop_seconds(service)
    assert httpx.get(f"{service.url}/healthz", timeout=30, verify=trust()).status_code == 200
    return loop_seconds(service) - started


def loop_seconds(service: Service) -> float:
    """The processor time of its main thread."""
    nanoseconds, *_ = Path(f"/proc/{service.pid}/schedstat").read_text().split()
    return int(nanoseconds) / 1e9


def has_data(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


def is_cut(connection: socket.socket) -> bool:
    """Whether the server has reset the connection; without reading from it."""
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))


def test_client_that_resumes_after_a_cut_has_everything(chatbot: Service) -> None:
    with CustomerClient(chatbot.url) as customer:
        customer.create_session()
        customer.escalate()
        position = customer.fetch()["position"]
        with stalled_reader(chatbot, customer) as stalled:
            for i in range(MESSAGES):
                assert customer.post(f"{i} {MESSAGE}"[:4000]).status_code == 201
            wait_until("the stalled reader is cut off", lambda: is_cut(stalled), within=20)
        with customer.open_stream(position) as stream:
            stream.wait_for(lambda event: event.payload.get("content", "").startswith(f"{MESSAGES - 1} "), within=20)
            assert [int(text.split()[0]) for text in stream.contents()] == list(range(MESSAGES))
