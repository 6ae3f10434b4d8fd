"""What any client can send: no answer is a fault of ours, no log holds a traceback, under each server."""

import base64
import json
import re
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.clients import AgentClient, CustomerClient, cookies_of
from harness.programs import HOST
from harness.services import Service, fill_database, make_environment

SERVERS = {
    "serve": ["manage.py", "serve", "{service}", "--port", "{port}"],
    "daphne": ["-m", "daphne", "-p", "{port}", "config.asgi:{service}"],
    "uvicorn": ["-m", "uvicorn", "config.asgi:{service}", "--port", "{port}", "--log-level=warning"],
}
ANSWER_SECONDS = 20.0
KEY = base64.b64encode(b"sixteen bytes ok").decode()
HANDSHAKE = f"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}"


class Subject(Service):
    """A service under one of the servers."""

    def __init__(self, name: str, server: str, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__(name, folder, environment)
        arguments = [part.format(service=name, port=self.port) for part in SERVERS[server]]
        self._command = [sys.executable, *arguments]


@dataclass
class Edge:
    """Both services under one server, and how somebody with rights on them shows that."""

    server: str
    chatbot: Subject
    workbench: Subject
    session_name: str = ""
    rights: dict[str, str] = field(default_factory=dict)  # a header line for each service

    def ask(self, service: str, target: bytes, *lines: str | bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
        """The answer of a service, whole, or its head if it is a stream. The lines go as they are."""
        head = [line if isinstance(line, bytes) else line.encode() for line in (self.rights[service], *lines)]
        if not any(line.lower().startswith(b"host:") for line in head):
            head.append(f"Host: {HOST}".encode())
        if not any(line.lower().startswith(b"connection:") for line in head):
            head.append(b"Connection: close")
        request = b"\r\n".join([method + b" " + target + b" HTTP/1.1", *head, b"", body])
        return read_answer(getattr(self, service).port, request)


def read_answer(port: int, request: bytes) -> bytes:
    answer = b""
    with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(request)
        try:
            while not (b"text/event-stream" in answer and b"\r\n\r\n" in answer):
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
        except ConnectionResetError:  # an answer before all was read
            pass
    return answer


def status_of(answer: bytes) -> int:
    found = re.match(rb"(?:HTTP/1\.1 100 Continue\r\n\r\n)?HTTP/1\.[01] (\d{3}) ?", answer)
    assert found is not None, f"no answer: {answer[:200]!r}"
    return int(found[1])


def header_names(answer: bytes) -> set[bytes]:
    head = answer.partition(b"\r\n\r\n")[0]
    return {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the database of all servers."""
    folder = tmp_path_factory.mktemp("edge")
    fill_database(folder / "db.sqlite3")
    return folder


@pytest.fixture(scope="module", params=SERVERS)
def edge(request: pytest.FixtureRequest, folder: Path) -> Iterator[Edge]:
    environment = make_environment(folder / "db.sqlite3")
    chatbot, workbench = (Subject(name, request.param, folder, environment) for name in ("chatbot", "workbench"))
    subject = Edge(request.param, chatbot, workbench)
    try:
        for service in (chatbot, workbench):
            service.launch()
        for service in (chatbot, workbench):
            service.wait_ready()
        _get_rights(subject)
        yield subject
    finally:
        for service in (chatbot, workbench):
            service.kill()


def _get_rights(edge: Edge) -> None:
    with CustomerClient(edge.chatbot.url) as customer:
        edge.session_name = customer.create_session()["session_name"]
        edge.rights["chatbot"] = f"Authorization: Bearer {customer.token}"
    with AgentClient(edge.workbench.url, "carol") as agent:
        token = agent.http.cookies["csrftoken"]
        edge.rights["workbench"] = f"X-CSRFToken: {token}\r\nCookie: {cookies_of(agent.http)['Cookie']}"


@pytest.fixture(autouse=True)
def no_traceback(edge: Edge) -> Iterator[None]:
    """What a client does is no fault of the service's."""
    before = [len(service.output()) for service in (edge.chatbot, edge.workbench)]
    yield
    for service, length in zip((edge.chatbot, edge.workbench), before, strict=True):
        assert "Traceback" not in service.output()[length:], service.tail()


# The path is what the proxy has seen


@pytest.mark.parametrize("target", [b"/healthz", b"/admin/", b"/api/agent/events", b"/static/browser/kit/base.css"])
def test_root_path_of_a_client_changes_nothing(edge: Edge, target: bytes) -> None:
    """Taken for true, it made `/x/admin/` the admin, which a proxy's `location /admin/` does not match."""
    line = b"Daphne-Root-Path: /x"
    assert status_of(edge.ask("workbench", target, line)) == 200
    assert status_of(edge.ask("workbench", b"/x" + target, line)) == 404


# WebSockets


@pytest.mark.parametrize(
    "target", [b"/", b"/healthz", b"/api/agent/events", b"/static/browser/kit/base.css", b"/nothing"]
)
def test_websocket_is_not_opened(edge: Edge, target: bytes) -> None:
    status = status_of(edge.ask("workbench", target, HANDSHAKE))
    assert status in (200, 302, 403, 404)


# Host


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "", "a b", "[::1", "127.0.0.1@evil", "127.0.0.1,evil"]
)
@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_foreign_host_is_refused_everywhere(edge: Edge, service: str, host: str) -> None:
    name = edge.session_name
    for target in ("/", "/healthz", "/api/sessions", f"/api/sessions/{name}/events", "/static/browser/kit/base.css"):
        answer = edge.ask(service, target.encode(), f"Host: {host}")
        assert status_of(answer) == 400, target


def test_stream_refuses_a_foreign_host_as_json(edge: Edge) -> None:
    answer = edge.ask("chatbot", f"/api/sessions/{edge.session_name}/events".encode(), "Host: evil.example")
    assert b'"BAD_REQUEST"' in answer


def test_stream_opens_for_our_host(edge: Edge) -> None:
    answer = edge.ask("chatbot", f"/api/sessions/{edge.session_name}/events".encode(), f"Host: localhost:{1}")
    assert status_of(answer) == 200


# Static files


@pytest.mark.parametrize("target", [b"/static/browser/kit/base.css", b"/static/nothing.css"])
def test_static_files_are_for_our_pages_as_the_type_they_have(edge: Edge, target: bytes) -> None:
    names = header_names(edge.ask("chatbot", target))
    assert b"x-content-type-options" in names
    assert b"access-control-allow-origin" not in names


# Bodies: plain daphne reads them whole before anybody is asked

BOUNDED = pytest.mark.parametrize("edge", ["serve", "uvicorn"], indirect=True)


@BOUNDED
@pytest.mark.parametrize(("service", "target"), [("chatbot", "/api/sessions"), ("workbench", "/api/sessions/{}/close")])
def test_declared_body_over_the_limit_is_refused_before_it_comes(edge: Edge, service: str, target: str) -> None:
    lines = ["Content-Type: application/json", "Content-Length: 10000000000", "Connection: keep-alive"]
    answer = edge.ask(service, target.format(edge.session_name).encode(), *lines, method=b"POST", body=b'{"a":')
    assert status_of(answer) == 413
    assert b'"BODY_TOO_LARGE"' in answer


@BOUNDED
def test_form_over_the_limit_is_refused_before_it_comes(edge: Edge) -> None:
    lines = ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 100000", "Connection: keep-alive"]
    assert status_of(edge.ask("workbench", b"/login/", *lines, method=b"POST", body=b"username=")) == 413


@BOUNDED
@pytest.mark.parametrize(("service", "target"), [("chatbot", b"/api/sessions"), ("workbench", b"/login/")])
def test_body_in_chunks_over_the_limit_is_refused(edge: Edge, service: str, target: bytes) -> None:
    lines = ["Content-Type: application/json", "Transfer-Encoding: chunked", "Connection: keep-alive"]
    chunks = (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 20
    assert status_of(edge.ask(service, target, *lines, method=b"POST", body=chunks)) == 413


# Everything else


def _cursor(moment: object, pk: object = 5) -> bytes:
    return base64.urlsafe_b64encode(json.dumps([moment, pk]).encode()).rstrip(b"=")


VALUES = [
    *(b"", b"0", b"-1", b"1e9", b"9" * 40, b"NaN", b"[]", b"%00", b"%ff%fe", b"%ed%a0%80", b"%", b"%zz", b"'\"<>"),
    *(b"%F0%9F%98%80", b"..%2f..", b"a" * 5_000),
    *(_cursor(moment) for moment in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2024-01-01", "x", 5)),
    *(_cursor("2024-01-01T00:00:00+00:00", pk) for pk in (2**63, 1.5, True, None, "1")),
]
PARAMETERS = [b"before", b"limit", b"status", b"q"]
METHODS = [b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE", b"PATCH", b"POST", b"FOO", b"get"]
HEADERS: list[bytes] = [
    b"Cookie: \xff\xfe=\xff",
    b"Cookie: sessionid=\x80\x81; csrftoken=\xc3",
    b'Cookie: "\\; a=b=c;;;=;=x',
    b"Cookie: " + b"a=b; " * 1_500,
    b"X: \x01\x02",
    b"Accept-Language: \xff\xfe,zh;q=abc",
    b"Origin: \xff",
    b"Origin: http://[",
    b"Referer: http://[",
    b"Content-Type: \xff",
    b"Content-Type: application/json; charset=bogus",
    b"If-Modified-Since: garbage",
    b"If-None-Match: \xff",
    b"Range: bytes=9-1",
    b"Range: bytes=1-" + b"9" * 5_000,
    b"Last-Event-ID: \xff:,::1",
    b"X-Forwarded-For: \xff, [",
    b"X-Forwarded-Proto: \xff",
    b"Authorization: Bearer \xff",
    b"Upgrade: h2c",
    b"Content-Length: -1",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: foo",
    b"Bad Name: x",
    b"NoColon",
]
TYPES = [b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"text/plain"]
BODIES = [
    *(b"", b"[]", b"\xff", b"a=%ff&b=%00", b"&" * 3_000, b"{" * 30_000, b"1e999", b'{"a":' + b"1" * 5_000 + b"}"),
    *(b"--x\r\nbroken", b'--x\r\nContent-Disposition: form-data; name="f"; filename="\0"\r\n\r\nabc\r\n--x--\r\n'),
    *(b"username=%00&password=%00", b"language=%00&next=%00", b'{"content":"\\ud800","client_id":"a"}'),
]
ADDRESSES = {
    "chatbot": ["/", "/api/sessions", "/api/sessions/{}", "/api/sessions/{}/messages", "/language/", "/jsi18n/"],
    "workbench": [
        *("/", "/api/sessions", "/api/sessions/queue", "/api/sessions/{}", "/api/sessions/{}/messages", "/login/"),
        *("/admin/auth/user/", "/jsi18n/"),
    ],
}
STRANGE = [
    *(b"/%", b"/%00", b"/%ff", b"/%ed%a0%80", b"//", b"//evil.example/admin", b"/..%2f..%2fetc/passwd", b"*"),
    *(b"/static/..%2f..%2fmanage.py", b"/static/%00", b"/static/", b"http://evil.example/", b"/api/sessions/%00"),
    *(b"/api/sessions/%ff/events", b"/api/sessions/a%0a/events", b"/admin/auth/user/%00/change/"),
    *(b"/admin/r/99999999999999999999/1/", b"/login?a=%0d%0aX:y"),
    b"/" + b"a" * 12_000,
]


Request = tuple[bytes, bytes, list[bytes], bytes]  # method, target, header lines, body


def strange_words(address: bytes) -> Iterable[Request]:
    """What the application reads."""
    for parameter in PARAMETERS if address.startswith(b"/api/sessions") else []:
        for value in VALUES:
            yield b"GET", address + b"?" + parameter + b"=" + value, [], b""
    for body in BODIES:
        for kind in TYPES:
            yield b"POST", address, [b"Content-Type: " + kind, b"Content-Length: %d" % len(body)], body


def strange_forms(address: bytes) -> Iterable[Request]:
    """What the server and the application read."""
    for method in METHODS:
        yield method, address, [b"Content-Length: 0"], b""
    for line in HEADERS:
        yield b"GET", address, [line], b""
    for body in BODIES:
        chunks = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        yield b"POST", address, [b"Content-Type: application/json", b"Transfer-Encoding: chunked"], chunks


def assert_no_faults(edge: Edge, service: str, make: Callable[[bytes], Iterable[Request]]) -> None:
    faults = []
    for address in ADDRESSES[service]:
        for method, target, lines, body in make(address.format(edge.session_name).encode()):
            answer = edge.ask(service, target, *lines, method=method, body=body)
            if status_of(answer) >= 500:
                faults.append((method, target[:80], lines, body[:40], answer[:80]))
    assert faults == []


@pytest.mark.parametrize("edge", ["serve"], indirect=True)
@pytest.mark.parametrize("service", ADDRESSES)
def test_strange_words_are_no_faults(edge: Edge, service: str) -> None:
    assert_no_faults(edge, service, strange_words)


@pytest.mark.parametrize("service", ADDRESSES)
def test_strange_forms_are_no_faults(edge: Edge, service: str) -> None:
    assert_no_faults(edge, service, strange_forms)


@pytest.mark.parametrize("service", ADDRESSES)
def test_strange_addresses_are_no_faults(edge: Edge, service: str) -> None:
    for target in STRANGE:
        for method in (b"GET", b"HEAD", b"POST"):
            assert status_of(edge.ask(service, target, "Content-Length: 0", method=method)) < 500, target
