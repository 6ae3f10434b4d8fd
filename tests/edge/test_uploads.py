"""Files go through running services in pieces: what they take of a service's memory, and what it refuses unread."""

import contextlib
import secrets
import socket
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness import files
from harness.clients import AgentClient, CustomerClient, expect
from harness.files import files_in
from harness.programs import HOST, process_status, wait_until
from harness.services import Service, fill_database, make_environment

MEBIBYTE = 1024 * 1024
MAX_MB = 20
AT_ONCE = 4
# uvicorn reads 256 KiB at once and keeps that up to four times before it hands it on.
MAX_GROWTH_KIB = {"serve": 512, "uvicorn": 1536}
WARM_UP, LOOKS = 3, 5
FORGET_PEAK = "5"  # proc(5)
# glibc: a large block goes back to the system when it is freed, so that each look finds what an upload holds.
GIVES_BACK = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024)}
SERVERS = {
    "serve": ["manage.py", "serve", "{service}", "--port", "{port}"],
    "uvicorn": ["-m", "uvicorn", "config.asgi:{service}", "--port", "{port}", "--log-level=warning"],
}


class Subject(Service):
    """A service under one of the servers."""

    def __init__(self, name: str, server: str, folder: Path, environment: dict[str, str]) -> None:
        super().__init__(name, folder, environment)
        self.server = server
        self._command = [sys.executable, *(part.format(service=name, port=self.port) for part in SERVERS[server])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uploads")
    fill_database(folder / "db.sqlite3")
    return folder


@pytest.fixture(scope="module", params=SERVERS)
def services(request: pytest.FixtureRequest, folder: Path) -> Iterator[dict[str, Subject]]:
    environment = {**make_environment(folder / "db.sqlite3"), "ATTACHMENT_MAX_MB": str(MAX_MB), **GIVES_BACK}
    subjects = {name: Subject(name, request.param, folder, environment) for name in ("chatbot", "workbench")}
    try:
        for subject in subjects.values():
            subject.launch()
        for subject in subjects.values():
            subject.wait_ready()
        yield subjects
    finally:
        for subject in subjects.values():
            subject.kill()


@pytest.fixture
def customer(services: dict[str, Subject]) -> Iterator[CustomerClient]:
    with CustomerClient(services["chatbot"].url) as client:
        client.http.timeout = httpx.Timeout(60)
        client.create_session()
        yield client


@contextlib.contextmanager
def peak_of(pid: int) -> Iterator[list[int]]:
    """The most that a process has in memory meanwhile, in KiB, as the kernel counts it."""
    Path(f"/proc/{pid}/clear_refs").write_text(FORGET_PEAK)
    peak = [0]
    yield peak
    peak[0] = process_status(pid, "VmHWM")


def test_upload_takes_little_of_the_services_memory(services: dict[str, Subject], customer: CustomerClient) -> None:
    """And so does reading it: both a few times first, so that what they use is loaded.

    The median of several: an allocator that asks for another arena at this moment is no growth by uploads.
    """
    content = files.noise(MAX_MB * MEBIBYTE)
    chatbot = services["chatbot"]

    def growth() -> int:
        before = process_status(chatbot.pid, "VmRSS")
        with peak_of(chatbot.pid) as peak:
            said = expect(201, customer.upload("a.pdf", content))
            assert customer.http.get(said["url"]).content == content
        return peak[0] - before

    for _ in range(WARM_UP):
        growth()
    growths = [growth() for _ in range(LOOKS)]
    assert statistics.median(growths) <= MAX_GROWTH_KIB[chatbot.server], growths


def test_client_that_does_not_read_a_file_costs_no_memory(
    services: dict[str, Subject], customer: CustomerClient
) -> None:
    """The median, as above."""
    said = expect(201, customer.upload("a.pdf", files.noise(MAX_MB * MEBIBYTE)))
    chatbot = services["chatbot"]
    request = f"GET {said['url']} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {customer.token}\r\n\r\n"

    def growth() -> int:
        before = process_status(chatbot.pid, "VmRSS")
        with contextlib.ExitStack() as stack, peak_of(chatbot.pid) as peak:
            for _ in range(AT_ONCE):
                connection = stack.enter_context(socket.create_connection((HOST, chatbot.port), timeout=20))
                connection.sendall(request.encode())
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            assert customer.http.get(said["url"]).status_code == 200  # the others have had their turns
        return peak[0] - before

    growth()
    growths = [growth() for _ in range(LOOKS)]
    assert statistics.median(growths) <= AT_ONCE * MAX_GROWTH_KIB[chatbot.server], growths


def test_file_over_the_limit_is_refused_before_it_comes(services: dict[str, Subject], customer: CustomerClient) -> None:
    head = (
        f"POST {customer.path}/attachments HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {customer.token}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {(MAX_MB + 1) * MEBIBYTE}\r\n\r\n--x\r\n"
    )
    with socket.create_connection((HOST, services["chatbot"].port), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"FILE_TOO_LARGE" in answer


def test_file_in_chunks_over_the_limit_is_refused(services: dict[str, Subject], customer: CustomerClient) -> None:
    boundary = secrets.token_hex(8)

    def chunks() -> Iterator[bytes]:
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'.encode()
        for _ in range(MAX_MB + 2):
            yield b"x" * MEBIBYTE

    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        answer = customer.http.post(f"{customer.path}/attachments", content=chunks(), headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "FILE_TOO_LARGE")
    assert customer.fetch()["messages"] == []


def test_upload_that_is_cut_off_leaves_nothing(
    services: dict[str, Subject], customer: CustomerClient, folder: Path
) -> None:
    before = len(files_in(folder / "attachments"))
    head = (
        f"POST {customer.path}/attachments HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {customer.token}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {MEBIBYTE}\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    )
    with socket.create_connection((HOST, services["chatbot"].port), timeout=20) as connection:
        connection.sendall(head.encode() + b"words " * 50_000)
    expect(201, customer.upload("b.txt", b"words"))
    wait_until("one file is stored", lambda: len(files_in(folder / "attachments")) == before + 1)
    assert "Traceback" not in services["chatbot"].output()


def test_picture_goes_from_the_agent_to_the_customer(services: dict[str, Subject], customer: CustomerClient) -> None:
    expect(202, customer.escalate())
    with AgentClient(services["workbench"].url, "alice") as alice:
        expect(200, alice.take_over(customer.session_name))
        said = expect(201, alice.upload(customer.session_name, "a.jpg", files.picture(width=400)))
        assert customer.http.get(said["preview_url"]).status_code == 404
        sent = expect(201, alice.reply(customer.session_name, "", attachments=[said["id"]]))
        assert sent["attachments"] == [said]
    for url in (said["url"], said["preview_url"]):
        answer = customer.http.get(url)
        assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert customer.fetch()["messages"][-1] == sent
