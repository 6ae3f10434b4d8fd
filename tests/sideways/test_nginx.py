"""What nginx keeps from the services, and how it answers."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from harness.clients import CustomerClient
from harness.programs import HOST, ROOT
from harness.sideways import Nginx, Site, trusting


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_metrics_are_not_public(site: Site, service: str) -> None:
    assert httpx.get(f"{site.nginx.url(service)}/metrics").status_code == 404


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_nginx_passes_no_root_path_on(site: Site, service: str) -> None:
    """It would have a path served that rules like `location /admin/` do not see. The services drop it, too."""
    lines = (ROOT / "deploy/nginx/handover.inc").read_text().splitlines()
    outside = [line for line in lines if line.startswith("proxy_set_header ")]
    assert 'proxy_set_header Daphne-Root-Path "";' in outside
    assert not [line for line in lines if line.startswith(" ") and "proxy_set_header" in line]  # it would undo them all
    url = site.nginx.url(service)
    headers = {"Daphne-Root-Path": "/x"}
    assert [httpx.get(f"{url}{path}", headers=headers).status_code for path in ("/healthz", "/x/healthz")] == [200, 404]


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_unknown_name_gets_no_answer(site: Site, service: str) -> None:
    for url in (site.nginx.url(service), f"http://127.0.0.1:{site.nginx.plain_port}"):
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/healthz", headers={"Host": "evil.example"})


def test_known_name_is_sent_to_https(site: Site) -> None:
    answer = httpx.get(f"http://127.0.0.1:{site.nginx.plain_port}/x?y", headers={"Host": "chat.example.com"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://chat.example.com/x?y")


@contextmanager
def connected(port: int, context: ssl.SSLContext | None = None, name: str = HOST) -> Iterator[socket.socket]:
    """A connection to nginx; with a context over TLS, where it asks for this name (not for an address)."""
    with socket.create_connection((HOST, port), timeout=10) as plain:
        if context is None:
            yield plain
            return
        with context.wrap_socket(plain, server_hostname=name) as encrypted:
            yield encrypted


def any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


NAMELESS = b"GET / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("port", "is_encrypted", "request_bytes"),
    [
        ("plain", False, NAMELESS),
        ("plain", False, b"garbage\r\n\r\n"),
        ("https", False, NAMELESS.replace(b"1\r\n", b"1\r\nHost: chat.example.com\r\n")),
        ("https", True, NAMELESS),
    ],
    ids=["no host", "garbage", "plain http for https", "no host over tls"],
)
def test_refusal_of_a_bad_request_tells_no_version(
    site: Site, port: str, is_encrypted: bool, request_bytes: bytes
) -> None:
    number = site.nginx.plain_port if port == "plain" else site.nginx.ports["chatbot"]
    with connected(number, any_certificate() if is_encrypted else None) as connection:
        connection.sendall(request_bytes)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Server: nginx\r\n" in answer
    assert b"nginx/" not in answer


def test_answers_of_nginx_itself_tell_no_version(site: Site) -> None:
    urls = [
        f"http://{HOST}:{site.nginx.plain_port}/",
        *(f"{site.nginx.url(name)}/metrics" for name in site.nginx.ports),
    ]
    for url in urls:
        host = {"Host": "chat.example.com"} if url.startswith("http:") else {}
        answer = httpx.get(url, headers=host)
        assert (answer.headers["Server"], "nginx/" in answer.text) == ("nginx", False), url


def test_body_over_the_limit_is_refused_as_json_through_nginx(customer: CustomerClient) -> None:
    answer = customer.http.post(f"{customer.path}/messages", json={"content": "x" * 500_000, "client_id": "a"})
    assert answer.json()["error"]["code"] == "BODY_TOO_LARGE"
    assert answer.status_code == 413


def test_static_files_come_compressed_and_streams_do_not(site: Site, customer: CustomerClient) -> None:
    headers = {"Authorization": f"Bearer {customer.token}", "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=site.nginx.url("chatbot"), headers=headers) as client:
        assert client.get("/static/browser/kit/base.css").headers["Content-Encoding"] == "gzip"
        with client.stream("GET", f"{customer.path}/events") as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            assert "Content-Encoding" not in answer.headers


@contextmanager
def nginx_before(site: Site, folder: Path, changes: Mapping[str, str]) -> Iterator[Nginx]:
    """Another nginx before the same processes, with these changes of its files."""
    nginx = Nginx(folder, site.chatbots, site.workbenches, changes)
    with trusting(nginx):
        nginx.start()
        try:
            yield nginx
        finally:
            nginx.kill()


OTHER_NAME = "desk.test"
# Of default ones, which last a minute, a test would see no end.
IMPATIENT = {
    "client_header_timeout 15s": "client_header_timeout 1s",
    "client_body_timeout 15s": "client_body_timeout 1s",
    f"server_name {HOST};": f"server_name {HOST} {OTHER_NAME};",
}


@pytest.fixture
def impatient_nginx(site: Site, tmp_path: Path) -> Iterator[Nginx]:
    with nginx_before(site, tmp_path, IMPATIENT) as nginx:
        yield nginx


def ends(connection: socket.socket, drop: bytes, within: float = 15) -> bool:
    """Whether nginx ends the connection in this time, in which a drop comes every fifth of a second."""
    connection.settimeout(0.2)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(TimeoutError):
            if not received(connection):
                return True
        with suppress(OSError):  # it has just ended; the next look sees it
            connection.sendall(drop)
    return False


def received(connection: socket.socket) -> bytes:
    """What has come; nothing where nginx has ended the connection, in order or with a reset."""
    try:
        return connection.recv(4096)
    except TimeoutError:
        raise
    except OSError:
        return b""


def test_headers_that_drip_end(impatient_nginx: Nginx) -> None:
    with connected(impatient_nginx.ports["chatbot"], any_certificate()) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert ends(connection, b"x")


def test_headers_of_a_later_request_that_drip_end(impatient_nginx: Nginx) -> None:
    """Its time is that of the server that was asked for by name, the first request's that of the default server."""
    with connected(impatient_nginx.ports["chatbot"], any_certificate(), OTHER_NAME) as connection:
        connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert ends(connection, b"x")


def test_headers_over_plain_http_that_drip_end(impatient_nginx: Nginx) -> None:
    with connected(impatient_nginx.plain_port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert ends(connection, b"x")


def test_body_of_which_no_byte_comes_ends(impatient_nginx: Nginx) -> None:
    with connected(impatient_nginx.ports["chatbot"], any_certificate()) as connection:
        head = f"POST /api/sessions HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert ends(connection, b"")


@pytest.fixture
def lenient_nginx(site: Site, tmp_path: Path) -> Iterator[Nginx]:
    """One that takes ciphers and signatures of any age, as its client does: what is refused is the version."""
    lenient = {"ssl_certificate_key ": "ssl_ciphers ALL:@SECLEVEL=0; ssl_certificate_key "}
    with nginx_before(site, tmp_path, lenient) as nginx:
        yield nginx


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_is_1_2_or_1_3(lenient_nginx: Nginx) -> None:
    taken = set()
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = any_certificate()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with suppress(ssl.SSLError), connected(lenient_nginx.ports["chatbot"], context):
            taken.add(version.name)
    assert taken == {"TLSv1_2", "TLSv1_3"}


CALLS, STREAMS = 20, 2
TIGHT = {
    "rate=300r/s": "rate=1r/m",
    "burst=1000 nodelay": f"burst={CALLS} nodelay",
    "limit_conn handover_streams 1000": f"limit_conn handover_streams {STREAMS}",
}


@pytest.fixture
def tight_nginx(site: Site, tmp_path: Path) -> Iterator[Nginx]:
    """One whose limits a test reaches at once."""
    with nginx_before(site, tmp_path, TIGHT) as nginx:
        yield nginx


def test_calls_of_one_address_are_limited(tight_nginx: Nginx) -> None:
    with httpx.Client(base_url=tight_nginx.url("chatbot")) as client:
        answers = [client.post("/api/sessions", json={}) for _ in range(CALLS + 5)]
        assert answers[0].status_code == 201
        refused = answers[-1]
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["error"]["code"] == "RATE_LIMITED"
        assert client.get("/static/browser/kit/base.css").status_code == 200


def test_streams_of_one_address_are_limited_and_told_to_come_back(customer: CustomerClient, tight_nginx: Nginx) -> None:
    url = f"{tight_nginx.url('chatbot')}{customer.path}/events"
    with ExitStack() as stack, httpx.Client(headers={"Authorization": f"Bearer {customer.token}"}) as client:
        parts = [stack.enter_context(client.stream("GET", url)).iter_text() for _ in range(STREAMS)]
        assert all("event: stream-open" in next(part) for part in parts)
        refused = client.get(url)
        assert (refused.status_code, refused.headers["Content-Type"]) == (200, "text/event-stream")
        assert refused.text == "retry: 2000\n\n"
